// SPDX-License-Identifier: GPL-2.0-or-later
// block_store: nothing leaves before its block is closed; every beat leaves once, in order (beats carry sequence numbers);
// LEN in the head is the octets sent, tlast is on the last beat only; a closed block leaves within eight clocks.
`default_nettype none

module store_proof (
    input wire logic       clk,
    input wire logic       a_wish,
    input wire logic       b_wish,
    input wire logic       close_wish,
    input wire logic [2:0] tail_wish,
    input wire logic       out_ready
);
    localparam int BEATS_LOG2 = 4;

    logic       rst = 1'b1;
    logic       roomy, out_valid, out_last;
    logic [63:0] out_data;
    logic [7:0] out_keep;

    always_ff @(posedge clk) rst <= 1'b0;

    // the packer: at most two beats a clock, a before b; a close comes with the block's last beat, b then begins the next
    logic [3:0]  fed = 4'd0;         // number of the next beat
    logic [3:0]  filled = 4'd0;      // beats of the open block
    logic [4:0]  inside = 5'd0;      // beats written and not yet read
    logic [1:0]  closed_inside = 2'd0;
    wire         close = close_wish && filled >= 4'd2 && closed_inside != 2'd3;  // at least 14 octets
    wire         a_valid = a_wish && (close ? tail_wish != 3'd0 : inside < 5'd12 && filled < 4'd10);
    wire         b_valid = b_wish && inside < 5'd12 && (close || (a_valid && filled < 4'd9));
    wire [4:0]   block_beats = {1'b0, filled} + {4'd0, a_valid};
    wire [LEN_W-1:0] close_len = (LEN_W'(block_beats) << 3) - (a_valid ? LEN_W'(8) - LEN_W'(tail_wish) : '0);

    always_ff @(posedge clk) begin
        if (close) assume (a_valid == (tail_wish != 3'd0));
        if (rst) begin
            fed    <= 4'd0;
            filled <= 4'd0;
        end else begin
            fed    <= fed + {3'd0, a_valid} + {3'd0, b_valid};
            filled <= close ? {3'd0, b_valid} : filled + {3'd0, a_valid} + {3'd0, b_valid};
        end
    end

    block_store #(.BEATS_LOG2(BEATS_LOG2), .BLOCKS_LOG2(2), .BEATS_IN_FLIGHT(4), .BLOCKS_IN_FLIGHT(1)) dut (
        .clk, .rst, .a_valid(a_valid && !rst), .a_beat({60'd0, fed}), .b_valid(b_valid && !rst),
        .b_beat({60'd0, fed + {3'd0, a_valid}}), .close(close && !rst), .close_len, .roomy,
        .out_valid, .out_ready, .out_data, .out_keep, .out_last
    );
    axis_rules #(.W(73)) rules (.clk, .rst, .valid(out_valid), .ready(out_ready), .payload({out_data, out_keep, out_last}));

    wire leaves = out_valid && out_ready;
    logic [3:0]  seen = 4'd0;
    logic        head = 1'b1;
    logic [15:0] octets_left, len;
    wire  [15:0] head_len = out_data[55:40];
    wire  [15:0] left_now = head ? head_len : octets_left;
    logic [3:0]  waiting = 4'd0;

    always_ff @(posedge clk)
        if (rst) begin
            seen <= 4'd0;
            head <= 1'b1;
            inside <= 5'd0;
            closed_inside <= 2'd0;
            waiting <= 4'd0;
        end else begin
            if (leaves) begin
                seen <= seen + 4'd1;
                head <= out_last;
                octets_left <= left_now - 16'd8;
            end
            inside <= inside + {4'd0, a_valid} + {4'd0, b_valid} - {4'd0, leaves};
            closed_inside <= closed_inside + {1'b0, close} - {1'b0, leaves && out_last};
            waiting <= closed_inside != 2'd0 && out_ready && !out_valid ? waiting + 4'd1 : 4'd0;
        end

    always_ff @(posedge clk)
        if (!rst) begin
            if (out_valid) begin
                assert (closed_inside != 2'd0);
                assert (out_data[3:0] == seen);
                if (head) assert (out_data[63:56] == 8'd62 && out_data[55:53] == 3'd0);
                assert (out_last == (left_now <= 16'd8));
                assert (left_now != 16'd0);
                assert (out_keep == (out_last ? 8'(16'hFF00 >> left_now) : 8'hFF));
            end
            assert (waiting <= 4'd8);
`ifdef COVER
            assert (!(leaves && out_last && closed_inside == 2'd2));
`endif
        end
endmodule

`default_nettype wire
