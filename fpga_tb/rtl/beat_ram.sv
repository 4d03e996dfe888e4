// SPDX-License-Identifier: GPL-2.0-or-later
// Simple dual-port RAM, one clock, read in two clocks: the second register is the block RAM's own output register
// (fpga_tb/synth puts it there). The same address is never read and written in one clock.
`default_nettype none

module beat_ram #(
    parameter int W = 64,
    parameter int ADDRESS_W = 9
) (
    input  wire logic                 clk,
    input  wire logic                 write,
    input  wire logic [ADDRESS_W-1:0] write_address,
    input  wire logic [W-1:0]         write_data,
    input  wire logic                 read,
    input  wire logic [ADDRESS_W-1:0] read_address,
    output      logic [W-1:0]         read_data
);
    (* no_rw_check *) logic [W-1:0] memory [0:(1 << ADDRESS_W) - 1];
    logic [W-1:0] fetched;

    always_ff @(posedge clk) if (write) memory[write_address] <= write_data;

    always_ff @(posedge clk)
        if (read) begin
            fetched   <= memory[read_address];
            read_data <= fetched;
        end
endmodule

`default_nettype wire
