// SPDX-License-Identifier: GPL-2.0-or-later
// AXI4-Stream handshake rules (AMBA 4 AXI4-Stream, 2.2.1), bound beside the port they guard: once valid is up, it and
// its payload hold until ready; valid is never unknown. In simulation a broken rule ends the run; for a proof it is an assertion.
`default_nettype none

module axis_rules #(
    parameter int W = 73
) (
    input wire logic         clk,
    input wire logic         rst,
    input wire logic         valid,
    input wire logic         ready,
    input wire logic [W-1:0] payload
);
`ifndef SYNTHESIS
    logic         waiting;
    logic [W-1:0] held;

    always_ff @(posedge clk) begin
        waiting <= !rst && valid && !ready;
        held    <= payload;
    end

`ifdef FORMAL
    always_ff @(posedge clk) if (!rst && waiting) assert (valid && payload == held);
`else
    always @(posedge clk)
        if (!rst) begin
            if ((valid ^ valid) !== 1'b0) $fatal(1, "%m: valid is unknown");
            if (waiting && !(valid === 1'b1 && payload === held)) $fatal(1, "%m: valid or payload changed before ready");
        end
`endif
`endif
endmodule

`default_nettype wire
