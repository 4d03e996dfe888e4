// SPDX-License-Identifier: GPL-2.0-or-later
// Puts each block into a UDP datagram over IPv4 in an Ethernet II frame: lengths and both checksums in front, so a block is
// held until its end is in. Neither the FCS nor the padding of frames below 60 octets: the MAC adds them.
`default_nettype none

module udp_wrap #(
    parameter logic [47:0] TO_MAC = 48'h01_00_5E_00_00_3E,
    parameter logic [47:0] FROM_MAC = 48'h02_00_00_00_00_3E,
    parameter logic [31:0] FROM_IP = {8'd192, 8'd168, 8'd62, 8'd1},
    parameter logic [31:0] TO_IP = {8'd239, 8'd0, 8'd0, 8'd62},
    parameter logic [15:0] FROM_PORT = 16'd8600,
    parameter logic [15:0] TO_PORT = 16'd8600,
    parameter int BEATS_LOG2 = 9,
    parameter int BLOCKS_LOG2 = 4
) (
    input  wire logic        clk,
    input  wire logic        rst,
    input  wire logic        in_valid,
    output      logic        in_ready,
    input  wire logic [63:0] in_data,   // octets that do not count are 0
    input  wire logic [7:0]  in_keep,
    input  wire logic        in_last,
    output      logic        out_valid,
    input  wire logic        out_ready,  // a flip-flop: it enables the whole read pipeline
    output      logic [63:0] out_data,
    output      logic [7:0]  out_keep,
    output      logic        out_last
);
    localparam int BEATS_IN_FLIGHT = 8;
    localparam int BLOCKS_IN_FLIGHT = 6;
    localparam logic [2:0] HEADER_BEATS = 3'd5;  // 42 octets: the last two share a beat with the payload
    // what never changes of the two sums, folded to 16 bits by the rules of RFC 1071
    localparam logic [19:0] ADDRESSES = 20'(FROM_IP[31:16]) + 20'(FROM_IP[15:0]) + 20'(TO_IP[31:16]) + 20'(TO_IP[15:0]);
    localparam logic [19:0] IP_SUM = ADDRESSES + 20'h4500 + 20'h4000 + 20'h4011;
    localparam logic [19:0] UDP_SUM = ADDRESSES + 20'd17 + 20'(FROM_PORT) + 20'(TO_PORT);

    // write: store the beats, add up their words
    logic [BEATS_LOG2-1:0] write_beat;
    logic [16:0]           high_words, low_words;
    logic [31:0]           sum;
    logic [12:0]           octets;
    logic [3:0]            beat_octets;
    logic                  added, added_last, summed, summed_first;

    wire accept = in_valid && in_ready;

    function automatic logic [3:0] count(input logic [6:0] keep);
        count = keep[0] ? 4'd8 : keep[1] ? 4'd7 : keep[2] ? 4'd6 : keep[3] ? 4'd5 : keep[4] ? 4'd4 : keep[5] ? 4'd3 : keep[6] ? 4'd2 : 4'd1;
    endfunction

    always_ff @(posedge clk) begin
        high_words  <= {1'b0, in_data[63:48]} + {1'b0, in_data[47:32]};
        low_words   <= {1'b0, in_data[31:16]} + {1'b0, in_data[15:0]};
        beat_octets <= count(in_keep[6:0]);
        if (added) begin
            sum    <= (summed_first ? 32'd0 : sum) + {15'd0, high_words} + {15'd0, low_words};
            octets <= (summed_first ? 13'd0 : octets) + {9'd0, beat_octets};
        end
        if (rst) begin
            write_beat   <= '0;
            added        <= 1'b0;
            added_last   <= 1'b0;
            summed       <= 1'b0;
            summed_first <= 1'b1;
        end else begin
            if (accept) write_beat <= write_beat + 1'b1;
            added      <= accept;
            added_last <= accept && in_last;
            summed     <= added_last;
            if (added) summed_first <= added_last;
        end
    end

    // the two checksums, a step a clock; the next block's sum begins no earlier than two clocks behind
    logic [15:0] total_octets, udp_octets, ip_folded, udp_folded;
    logic [19:0] ip_total;
    logic [16:0] half, ip_half;
    logic [31:0] udp_total;
    logic        step_1, step_2, step_3, step_4;
    logic [12:0] octets_1, octets_2, octets_3, octets_4;

    always_ff @(posedge clk) begin
        // 1: whole sums
        octets_1  <= octets;
        udp_total <= sum + {12'd0, UDP_SUM} + {18'd0, octets, 1'b0} + 32'd16;
        ip_total  <= IP_SUM + {7'd0, octets} + 20'd28;
        // 2, 3: fold twice
        octets_2  <= octets_1;
        half      <= {1'b0, udp_total[31:16]} + {1'b0, udp_total[15:0]};
        ip_half   <= {13'd0, ip_total[19:16]} + {1'b0, ip_total[15:0]};
        octets_3   <= octets_2;
        udp_folded <= half[15:0] + {15'd0, half[16]};
        ip_folded  <= ip_half[15:0] + {15'd0, ip_half[16]};
        // 4: what goes into the frame
        octets_4     <= octets_3;
        total_octets <= {3'd0, octets_3} + 16'd28;
        udp_octets   <= {3'd0, octets_3} + 16'd8;
        if (rst) {step_1, step_2, step_3, step_4} <= 4'd0;
        else {step_1, step_2, step_3, step_4} <= {summed, step_1, step_2, step_3};
    end

    logic [15:0] udp_sent, ip_sent;
    logic [9:0]  beats_left;  // behind the second; a frame has at least seven
    always_ff @(posedge clk) begin
        udp_sent   <= udp_folded == 16'hFFFF ? 16'hFFFF : ~udp_folded;  // 0 would mean "no checksum"
        ip_sent    <= ~ip_folded;
        beats_left <= 10'(({1'b0, octets_3} + 14'd49 >> 3) - 14'd2);
    end

    // one entry a frame that is ready to go
    localparam int ENTRY = 16 * 4 + 10 + 3;
    logic [ENTRY-1:0]       entries [0:(1 << BLOCKS_LOG2) - 1];
    logic [ENTRY-1:0]       entry_next;
    logic [BLOCKS_LOG2-1:0] entry_in, entry_out;
    logic                   next_valid, next_take;

    wire fetch = entry_in != entry_out && (!next_valid || next_take);

    always_ff @(posedge clk)
        if (step_4) entries[entry_in] <= {total_octets, udp_octets, ip_sent, udp_sent, beats_left, 3'(octets_4 + 13'd2)};

    always_ff @(posedge clk) begin
        if (fetch) entry_next <= entries[entry_out];
        if (rst) begin
            entry_in   <= '0;
            entry_out  <= '0;
            next_valid <= 1'b0;
        end else begin
            if (step_4) entry_in <= entry_in + 1'b1;
            if (fetch) entry_out <= entry_out + 1'b1;
            if (fetch) next_valid <= 1'b1;
            else if (next_take) next_valid <= 1'b0;
        end
    end

    // read: header beats first, payload from the sixth on
    logic                  sending;
    logic [2:0]            header;     // counts to HEADER_BEATS and stays
    logic [10:0]           left;       // negative at the last beat
    logic [63:0]           fields;     // total length, UDP length, two checksums
    logic [BEATS_LOG2-1:0] read_beat;
    logic [2:0]            tail;       // octets of the last beat, 0 = 8

    wire last = left[10];
    wire payload = header == HEADER_BEATS;
    // the last beat may hold only octets that the beat before left over
    wire reads = sending && payload && !(last && (tail == 3'd1 || tail == 3'd2));
    assign next_take = next_valid && out_ready && (!sending || last);

    always_ff @(posedge clk) begin
        if (rst) begin
            sending   <= 1'b0;
            read_beat <= '0;
        end else if (out_ready) begin
            sending <= next_valid || (sending && !last);
            if (reads) read_beat <= read_beat + 1'b1;
        end
    end

    always_ff @(posedge clk)
        if (out_ready) begin
            if (!sending || last) begin
                fields <= entry_next[ENTRY-1:13];
                tail   <= entry_next[2:0];
                left   <= {1'b0, entry_next[12:3]};
                header <= 3'd0;
            end else begin
                left <= left - 11'd1;
                if (!payload) header <= header + 3'd1;
            end
        end

    // room: pointers lag by what is in flight
    logic [BEATS_LOG2-1:0]  beats_used;
    logic [BLOCKS_LOG2-1:0] blocks_used;
    always_ff @(posedge clk) begin
        beats_used  <= write_beat - read_beat;
        blocks_used <= entry_in - entry_out;
        in_ready <= !rst && beats_used < BEATS_LOG2'((1 << BEATS_LOG2) - BEATS_IN_FLIGHT)
                 && blocks_used < BLOCKS_LOG2'((1 << BLOCKS_LOG2) - BLOCKS_IN_FLIGHT);
    end

    // two clocks of RAM, then the payload moves two octets down behind the header
    logic        f_sending, f_payload, f_first, f_reads, f_last, g_sending, g_payload, g_first, g_reads, g_last;
    logic [2:0]  f_header, g_header, f_tail, g_tail;
    logic [63:0] f_fields, g_fields;
    logic [63:0] stored;
    logic [15:0] carried;

    beat_ram #(.W(64), .ADDRESS_W(BEATS_LOG2)) beats (
        .clk, .write(accept), .write_address(write_beat), .write_data(in_data),
        .read(out_ready), .read_address(read_beat), .read_data(stored)
    );

    always_ff @(posedge clk) begin
        if (rst) {f_sending, g_sending} <= 2'd0;
        else if (out_ready) {f_sending, g_sending} <= {sending, f_sending};
    end

    always_ff @(posedge clk)
        if (out_ready) begin
            f_first <= payload && !f_payload;
            {f_payload, f_reads, f_last, f_header, f_tail, f_fields} <= {payload, reads, last, header, tail, fields};
            {g_payload, g_reads, g_last, g_header, g_tail, g_fields} <= {f_payload, f_reads, f_last, f_header, f_tail, f_fields};
            g_first <= f_first;
            carried <= stored[15:0];
        end

    wire [47:0] body = g_reads ? stored[63:16] : 48'd0;
    wire [15:0] g_total, g_udp, g_ip_sum, g_udp_sum;
    assign {g_total, g_udp, g_ip_sum, g_udp_sum} = g_fields;

    assign out_valid = g_sending;
    assign out_last = g_last;
    assign out_keep = g_last && g_tail != 3'd0 ? ~(8'hFF >> g_tail) : 8'hFF;
    assign out_data = g_payload ? {g_first ? g_udp_sum : carried, body}
                    : g_header == 3'd0 ? {TO_MAC, FROM_MAC[47:32]}
                    : g_header == 3'd1 ? {FROM_MAC[31:0], 16'h0800, 16'h4500}
                    : g_header == 3'd2 ? {g_total, 16'h0000, 16'h4000, 16'h4011}
                    : g_header == 3'd3 ? {g_ip_sum, FROM_IP, TO_IP[31:16]}
                    : {TO_IP[15:0], FROM_PORT, TO_PORT, g_udp};

    wire unused = &{1'b0, in_keep[7]};  // a beat has at least one octet
endmodule

`default_nettype wire
