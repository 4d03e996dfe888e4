// SPDX-License-Identifier: GPL-2.0-or-later
// Holds blocks until their length is known, then sends them with CAT and LEN at the head. Two banks (even and odd beats)
// take up to two beats a clock; one beat a clock leaves. The next block fills while this one goes.
`default_nettype none

module block_store
#(
    parameter int BEATS_LOG2 = 10,
    parameter int BLOCKS_LOG2 = 4,
    parameter int BEATS_IN_FLIGHT = 32,  // two records (8 beats each at most) and what the packer still holds
    parameter int BLOCKS_IN_FLIGHT = 4
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic             a_valid,
    input  wire logic [63:0]      a_beat,
    input  wire logic             b_valid,
    input  wire logic [63:0]      b_beat,
    input  wire logic             close,
    input  wire logic [LEN_W-1:0] close_len,
    output      logic             roomy,      // two more records fit, and four more blocks
    output      logic             out_valid,
    input  wire logic             out_ready,  // a flip-flop: it enables the whole read pipeline
    output      logic [63:0]      out_data,
    output      logic [7:0]       out_keep,
    output      logic             out_last
);
    localparam int BANK_W = BEATS_LOG2 - 1;
    localparam logic [7:0]  CAT = 8'd62;

    // write: a goes to the next place, b behind it
    logic [BEATS_LOG2-1:0] write_beat;
    logic                  even_write, odd_write, close_written, len_known;
    logic [BANK_W-1:0]     even_address, odd_address;
    logic [63:0]           even_beat, odd_beat;
    logic [LEN_W-1:0]      len_written, len_stored;
    logic [LEN_W-3:0]      left_stored;  // beats behind the second, or negative: there is no third

    wire b_is_even = write_beat[0] == a_valid;

    always_ff @(posedge clk) begin
        if (rst) begin
            write_beat    <= '0;
            even_write    <= 1'b0;
            odd_write     <= 1'b0;
            close_written <= 1'b0;
            len_known     <= 1'b0;
        end else begin
            write_beat    <= write_beat + {{BEATS_LOG2 - 1{1'b0}}, a_valid} + {{BEATS_LOG2 - 1{1'b0}}, b_valid};
            even_write    <= b_is_even ? b_valid : a_valid;
            odd_write     <= b_is_even ? a_valid : b_valid;
            close_written <= close;
            len_known     <= close_written;
        end
    end

    always_ff @(posedge clk) begin
        even_beat    <= b_is_even ? b_beat : a_beat;
        odd_beat     <= b_is_even ? a_beat : b_beat;
        even_address <= write_beat[BEATS_LOG2-1:1] + {{BANK_W - 1{1'b0}}, write_beat[0]};
        odd_address  <= write_beat[BEATS_LOG2-1:1];
        len_written  <= close_len;
        len_stored   <= len_written;
        left_stored  <= (LEN_W - 2)'({1'b0, len_written} - (LEN_W + 1)'(9) >> 3);
    end

    // lengths of the blocks that are complete
    logic [2*LEN_W-3:0]     lens [0:(1 << BLOCKS_LOG2) - 1];
    logic [BLOCKS_LOG2-1:0] len_in, len_out;
    logic [LEN_W-1:0]       next_len;
    logic [LEN_W-3:0]       next_left;
    logic                   next_valid, next_take;

    wire len_fetch = (len_in != len_out) && (!next_valid || next_take);

    always_ff @(posedge clk) if (len_known) lens[len_in] <= {left_stored, len_stored};

    always_ff @(posedge clk) begin
        if (len_fetch) {next_left, next_len} <= lens[len_out];
        if (rst) begin
            len_in     <= '0;
            len_out    <= '0;
            next_valid <= 1'b0;
        end else begin
            if (len_known) len_in <= len_in + 1'b1;
            if (len_fetch) len_out <= len_out + 1'b1;
            if (len_fetch) next_valid <= 1'b1;
            else if (next_take) next_valid <= 1'b0;
        end
    end

    // read: which beat goes out next
    logic                  sending, at_head;
    logic [LEN_W-1:0]      len;
    logic [LEN_W-3:0]      left;      // beats behind the next but one; negative at the last
    logic [BEATS_LOG2-1:0] read_beat;

    wire last = left[LEN_W-3];

    assign next_take = next_valid && out_ready && (!sending || last);

    always_ff @(posedge clk) begin
        if (rst) begin
            sending   <= 1'b0;
            read_beat <= '0;
        end else if (out_ready) begin
            sending <= next_valid || (sending && !last);
            if (sending) read_beat <= read_beat + 1'b1;
        end
    end

    always_ff @(posedge clk)
        if (out_ready) begin
            at_head <= !sending || last;
            left    <= !sending || last ? next_left : left - 1'b1;
            if (!sending || last) len <= next_len;
        end

    // room: the pointers lag by what is in flight, the margins cover it
    logic [BEATS_LOG2-1:0]  beats_used;
    logic [BLOCKS_LOG2-1:0] blocks_used;

    always_ff @(posedge clk) begin
        beats_used  <= write_beat - read_beat;
        blocks_used <= len_in - len_out;
        roomy <= !rst && beats_used < BEATS_LOG2'((1 << BEATS_LOG2) - BEATS_IN_FLIGHT)
              && blocks_used < BLOCKS_LOG2'((1 << BLOCKS_LOG2) - BLOCKS_IN_FLIGHT);
    end

    // two clocks of RAM, then CAT, LEN and the octets that count
    logic             f_sending, f_head, f_last, f_odd, g_sending, g_head, g_last, g_odd;
    logic [LEN_W-1:0] f_len, g_len;
    logic [63:0]      even_read, odd_read;

    beat_ram #(.W(64), .ADDRESS_W(BANK_W)) even_bank (
        .clk, .write(even_write), .write_address(even_address), .write_data(even_beat),
        .read(out_ready), .read_address(read_beat[BEATS_LOG2-1:1]), .read_data(even_read)
    );
    beat_ram #(.W(64), .ADDRESS_W(BANK_W)) odd_bank (
        .clk, .write(odd_write), .write_address(odd_address), .write_data(odd_beat),
        .read(out_ready), .read_address(read_beat[BEATS_LOG2-1:1]), .read_data(odd_read)
    );

    always_ff @(posedge clk)
        if (rst) {f_sending, g_sending} <= 2'd0;
        else if (out_ready) {f_sending, g_sending} <= {sending, f_sending};

    always_ff @(posedge clk)
        if (out_ready) begin
            {f_head, f_last, f_odd, f_len} <= {at_head, last, read_beat[0], len};
            {g_head, g_last, g_odd, g_len} <= {f_head, f_last, f_odd, f_len};
        end

    wire [63:0] body = g_odd ? odd_read : even_read;

    assign out_valid = g_sending;
    assign out_data = g_head ? {CAT, {16 - LEN_W{1'b0}}, g_len, body[39:0]} : body;
    assign out_keep = g_last && g_len[2:0] != 3'd0 ? ~(8'hFF >> g_len[2:0]) : 8'hFF;
    assign out_last = g_last;
endmodule

`default_nettype wire
