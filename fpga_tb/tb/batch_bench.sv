// SPDX-License-Identifier: GPL-2.0-or-later
// Batch transactor: Python hands over a whole batch of beats and is woken once, when every block that came of it is out.
// With Verilator, beats come and go through C queues (batch_queue.cpp), with Icarus through files. Pauses come from a shift
// register with programmed odds, so that no Python runs between two clocks.
`default_nettype none
`timescale 1ns/1ps

module batch_bench #(
    parameter int PERIOD_PS = 6400,
    parameter int AXIL_W = 8
);
    // Python's side
    logic        rst = 1'b1;
    logic        go = 1'b0;          // toggled by Python: a batch is ready
    logic        done = 1'b0;        // toggled here: it has gone through
    logic [7:0]  pause_in = 8'd0;    // odds of a paused clock, in 256
    logic [7:0]  pause_out = 8'd0;
    logic [31:0] drain_clocks = 32'd3000;  // silence that means that nothing more will come
    logic [31:0] seed = 32'd1;
    logic        set = 1'b0;         // toggled by Python: write set_value to set_address
    logic        set_done = 1'b0;
    logic [AXIL_W-1:0] set_address = '0;
    logic [31:0] set_value = 32'd0;
    logic [63:0] clocks = 64'd0;     // since the batch began
    logic [63:0] first_in = 64'd0, last_in = 64'd0, first_out = 64'd0;  // clocks of the first and last handshakes
    logic [63:0] end_out = 64'd0, end_before = 64'd0;  // of the last block, and of the one before it

    logic clk = 1'b0;
    localparam int HALF_PS = PERIOD_PS / 2;
    always #(HALF_PS / 1000.0) clk = !clk;

    // the formatter
    logic [63:0] in_data = '0, out_data;
    logic [7:0]  in_keep = '0, out_keep;
    logic        in_valid = 1'b0, in_ready, in_last = 1'b0, out_valid, out_ready = 1'b0, out_last;
    logic        awvalid = 1'b0, awready, wvalid = 1'b0, wready, bvalid;
    /* verilator lint_off UNUSEDSIGNAL */  // answers that this bench does not ask for
    logic        arready, rvalid;
    logic [1:0]  bresp, rresp;
    logic [31:0] rdata;
    /* verilator lint_on UNUSEDSIGNAL */

    formatter_under_test device (
        .clk, .rst,
        .s_axis_tdata(in_data), .s_axis_tkeep(in_keep), .s_axis_tvalid(in_valid), .s_axis_tready(in_ready), .s_axis_tlast(in_last),
        .m_axis_tdata(out_data), .m_axis_tkeep(out_keep), .m_axis_tvalid(out_valid), .m_axis_tready(out_ready), .m_axis_tlast(out_last),
        .s_axil_awaddr(set_address), .s_axil_awprot(3'd0), .s_axil_awvalid(awvalid), .s_axil_awready(awready),
        .s_axil_wdata(set_value), .s_axil_wstrb(4'hF), .s_axil_wvalid(wvalid), .s_axil_wready(wready),
        .s_axil_bresp(bresp), .s_axil_bvalid(bvalid), .s_axil_bready(1'b1),
        .s_axil_araddr({AXIL_W{1'b0}}), .s_axil_arprot(3'd0), .s_axil_arvalid(1'b0), .s_axil_arready(arready),
        .s_axil_rdata(rdata), .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(1'b1)
    );

    // where the beats come from and go to
`ifdef VERILATOR
    import "DPI-C" function int batch_next(output longint unsigned data, output int control);
    import "DPI-C" function void batch_put(input longint unsigned data, input int control);
    longint unsigned fetched;
    int              control;

    task automatic next_beat(output logic more, output logic [63:0] data, output logic [7:0] keep, output logic last);
        more = batch_next(fetched, control) != 0;
        data = fetched;
        {last, keep} = control[8:0];
    endtask
    task automatic put_beat(input logic [63:0] data, input logic [7:0] keep, input logic last);
        batch_put(data, {23'd0, last, keep});
    endtask
    task automatic open_batch; endtask
    task automatic close_batch; endtask
`else
    reg [8*1024-1:0] in_name, out_name;
    integer          in_file, out_file, got;
    reg [79:0]       word;

    task automatic next_beat(output logic more, output logic [63:0] data, output logic [7:0] keep, output logic last);
        got = $fread(word, in_file);
        more = got == 10;
        {last, keep, data} = word[72:0];
    endtask
    task automatic put_beat(input logic [63:0] data, input logic [7:0] keep, input logic last);
        $fwrite(out_file, "%u%u%u", data[31:0], data[63:32], {23'd0, last, keep});
    endtask
    task automatic open_batch;
        if (!$value$plusargs("batch_in=%s", in_name) || !$value$plusargs("batch_out=%s", out_name)) $finish;
        in_file = $fopen(in_name, "rb");
        out_file = $fopen(out_name, "wb");
    endtask
    task automatic close_batch;
        $fclose(in_file);
        $fclose(out_file);
    endtask
`endif

    // pauses: 32-bit xorshift, one step a clock
    logic [31:0] dice = 32'd1;
    function automatic logic [31:0] stir(input logic [31:0] x);
        logic [31:0] y;
        y = x ^ (x << 13);
        y = y ^ (y >> 17);
        stir = y ^ (y << 5);
    endfunction

    logic        running = 1'b0, more = 1'b0, answered = 1'b1;
    logic [31:0] silence = 32'd0;
    logic [63:0] beat;
    logic [7:0]  keep;
    logic        last;

    always @(posedge clk) begin
        dice <= stir(dice);
        clocks <= clocks + 64'd1;

        if (in_valid && in_ready) begin
            last_in <= clocks;
            if (first_in == 64'd0) first_in <= clocks;
        end
        if (out_valid && out_ready) begin
            put_beat(out_data, out_keep, out_last);
            if (out_last) {end_before, end_out} <= {end_out, clocks};
            if (first_out == 64'd0) first_out <= clocks;
        end

        if (!running && go != done) begin
            open_batch;
            running <= 1'b1;
            more <= 1'b1;
            dice <= seed;
            silence <= 32'd0;
            clocks <= 64'd1;
            {first_in, last_in, first_out, end_out, end_before} <= '0;
        end else if (running) begin
            if (!in_valid || in_ready) begin
                in_valid <= 1'b0;
                if (more && dice[7:0] >= pause_in) begin
                    next_beat(more, beat, keep, last);
                    in_valid <= more;
                    {in_data, in_keep, in_last} <= {beat, keep, last};
                end
            end
            silence <= in_valid || out_valid || more ? 32'd0 : silence + 32'd1;
            if (silence >= drain_clocks) begin
                close_batch;
                running <= 1'b0;
                done <= !done;
            end
        end
        out_ready <= dice[15:8] >= pause_out;

        // one register write at a time
        if (set != set_done && answered) begin
            {awvalid, wvalid} <= 2'b11;
            answered <= 1'b0;
        end else begin
            if (awready) awvalid <= 1'b0;
            if (wready) wvalid <= 1'b0;
        end
        if (bvalid && !answered) begin
            answered <= 1'b1;
            set_done <= set;
        end
    end
endmodule

`default_nettype wire
