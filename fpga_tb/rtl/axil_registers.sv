// SPDX-License-Identifier: GPL-2.0-or-later
// AXI4-Lite registers of the formatter. A write to an address that is none, or of a value that the formatter cannot use,
// answers SLVERR and changes nothing. A counter wraps, keeps its value when read, and can be set by writing to the whole of it.
`default_nettype none

module axil_registers
#(
    parameter int     MTU_MAX = 7680,
    parameter logic [31:0]     VERSION = 32'h0001_0000,
    parameter logic [31:0]     FLUSH_CLOCKS_RESET = 32'd781_250,  // 5 ms at 156.25 MHz
    parameter int     COUNTERS = 7
) (
    input  wire logic                clk,
    input  wire logic                rst,
    input  wire logic [7:0]          s_axil_awaddr,
    input  wire logic [2:0]          s_axil_awprot,
    input  wire logic                s_axil_awvalid,
    output      logic                s_axil_awready,
    input  wire logic [31:0]         s_axil_wdata,
    input  wire logic [3:0]          s_axil_wstrb,
    input  wire logic                s_axil_wvalid,
    output      logic                s_axil_wready,
    output      logic [1:0]          s_axil_bresp,
    output      logic                s_axil_bvalid,
    input  wire logic                s_axil_bready,
    input  wire logic [7:0]          s_axil_araddr,
    input  wire logic [2:0]          s_axil_arprot,
    input  wire logic                s_axil_arvalid,
    output      logic                s_axil_arready,
    output      logic [31:0]         s_axil_rdata,
    output      logic [1:0]          s_axil_rresp,
    output      logic                s_axil_rvalid,
    input  wire logic                s_axil_rready,
    output      source_t             source,
    output      logic [LEN_W-1:0]    mtu_octets,
    output      logic [31:0]         flush_clocks,
    input  wire logic [COUNTERS-1:0] count  // one-clock pulses; bit n counts at 'h20 + 4n
);
    localparam logic [1:0] OKAY = 2'b00;
    localparam logic [1:0] SLVERR = 2'b10;
    localparam logic [5:0] A_VERSION = 6'h00;
    localparam logic [5:0] A_SOURCE = 6'h01;  // SAC 15:8, SIC 7:0
    localparam logic [5:0] A_SERVICE = 6'h02;
    localparam logic [5:0] A_MTU = 6'h03;
    localparam logic [5:0] A_FLUSH = 6'h04;
    localparam logic [5:0] A_COUNTERS = 6'h08;

    logic [31:0] counter [0:COUNTERS-1];

    function automatic logic [31:0] merge(input logic [31:0] old, input logic [31:0] new_value, input logic [3:0] strobe);
        merge = {strobe[3] ? new_value[31:24] : old[31:24], strobe[2] ? new_value[23:16] : old[23:16],
                 strobe[1] ? new_value[15:8] : old[15:8], strobe[0] ? new_value[7:0] : old[7:0]};
    endfunction

    // address and data may come in either order; each waits for the other in a register of its own
    logic        aw_held, aw_known, w_held;
    logic [5:0]  aw_word;
    logic [31:0] w_data;
    logic [3:0]  w_strobe;
    logic [31:0] merged;
    logic        merged_held, judge;  // one clock to merge, one to look, one to answer
    logic        aw_source, aw_service, aw_mtu, aw_flush, aw_counter;  // one clock behind aw_word
    logic        source_fits, service_fits, mtu_fits;                  // one clock behind merged
    logic [COUNTERS-1:0] set, counted;

    assign s_axil_awready = !aw_held;
    assign s_axil_wready = !w_held;

    wire start = aw_held && aw_known && w_held && !merged_held && !judge && !s_axil_bvalid;

    wire [31:0] source_word = {16'd0, source.sac, source.sic};
    wire [31:0] service_word = {24'd0, source.service};
    wire [31:0] mtu_word = {{32 - LEN_W{1'b0}}, mtu_octets};

    wire [31:0] old = aw_source ? source_word : aw_service ? service_word : aw_mtu ? mtu_word : flush_clocks;
    wire usable = aw_flush || set != '0 || (aw_source && source_fits) || (aw_service && service_fits) || (aw_mtu && mtu_fits);

    wire [LEN_W-1:0] merged_mtu = merged[LEN_W-1:0];

    always_ff @(posedge clk) begin
        if (!aw_held) aw_word <= s_axil_awaddr[7:2];
        if (!w_held) {w_data, w_strobe} <= {s_axil_wdata, s_axil_wstrb};
        merged <= merge(old, w_data, w_strobe);
        aw_source    <= aw_word == A_SOURCE;
        aw_service   <= aw_word == A_SERVICE;
        aw_mtu       <= aw_word == A_MTU;
        aw_flush     <= aw_word == A_FLUSH;
        aw_counter   <= aw_word >= A_COUNTERS && aw_word < A_COUNTERS + 6'(COUNTERS);
        source_fits  <= merged[31:16] == 16'd0;
        service_fits <= merged[31:8] == 24'd0;
        mtu_fits     <= merged[31:LEN_W] == '0 && merged_mtu >= LEN_W'(MTU_MIN) && merged_mtu <= LEN_W'(MTU_MAX);
        for (int i = 0; i < COUNTERS; i++)
            set[i] <= merged_held && aw_counter && w_strobe == 4'hF && aw_word[2:0] == i[2:0];
        if (rst) begin
            aw_held       <= 1'b0;
            aw_known      <= 1'b0;
            w_held        <= 1'b0;
            merged_held   <= 1'b0;
            judge         <= 1'b0;
            s_axil_bvalid <= 1'b0;
            s_axil_bresp  <= OKAY;
        end else begin
            if (judge) aw_held <= 1'b0;
            else if (s_axil_awvalid) aw_held <= 1'b1;
            aw_known <= aw_held && !judge;
            if (judge) w_held <= 1'b0;
            else if (s_axil_wvalid) w_held <= 1'b1;
            merged_held <= start;
            judge       <= merged_held;
            if (judge) s_axil_bresp <= usable ? OKAY : SLVERR;
            if (judge) s_axil_bvalid <= 1'b1;
            else if (s_axil_bready) s_axil_bvalid <= 1'b0;
        end
    end

    always_ff @(posedge clk) begin
        if (rst) begin
            source       <= '0;
            mtu_octets   <= LEN_W'(1400);
            flush_clocks <= FLUSH_CLOCKS_RESET;
        end else if (judge) begin
            if (aw_source && source_fits) {source.sac, source.sic} <= merged[15:0];
            if (aw_service && service_fits) source.service <= merged[7:0];
            if (aw_mtu && mtu_fits) mtu_octets <= merged_mtu;
            if (aw_flush) flush_clocks <= merged;
        end
    end

    always_ff @(posedge clk) begin
        counted <= rst ? '0 : count;
        for (int i = 0; i < COUNTERS; i++)
            if (rst) counter[i] <= 32'd0;
            else if (set[i]) counter[i] <= merged;
            else counter[i] <= counter[i] + {31'd0, counted[i]};
    end

    // read: one clock to look at the address, one to pick, one to answer
    logic        ar_held, picking, picked, ar_known, ar_counter;
    logic [5:0]  ar_word;
    logic [31:0] setting, tally;

    assign s_axil_arready = !ar_held;

    always_ff @(posedge clk) begin
        if (!ar_held) ar_word <= s_axil_araddr[7:2];
        ar_counter <= ar_word >= A_COUNTERS && ar_word < A_COUNTERS + 6'(COUNTERS);
        ar_known   <= ar_word <= A_FLUSH;
        case (ar_word[2:0])
            A_VERSION[2:0]: setting <= VERSION;
            A_SOURCE[2:0]:  setting <= source_word;
            A_SERVICE[2:0]: setting <= service_word;
            A_MTU[2:0]:     setting <= mtu_word;
            default:        setting <= flush_clocks;
        endcase
        tally <= counter[ar_word[2:0]];
        if (picked) begin
            s_axil_rresp <= ar_counter || ar_known ? OKAY : SLVERR;
            s_axil_rdata <= ar_counter ? tally : ar_known ? setting : 32'd0;
        end
        if (rst) begin
            ar_held       <= 1'b0;
            picking       <= 1'b0;
            picked        <= 1'b0;
            s_axil_rvalid <= 1'b0;
        end else begin
            if (picked) ar_held <= 1'b0;
            else if (s_axil_arvalid) ar_held <= 1'b1;
            picking <= ar_held && !picking && !picked && !s_axil_rvalid;
            picked  <= picking;
            if (picked) s_axil_rvalid <= 1'b1;
            else if (s_axil_rready) s_axil_rvalid <= 1'b0;
        end
    end

    wire unused = &{1'b0, s_axil_awprot, s_axil_arprot, s_axil_awaddr[1:0], s_axil_araddr[1:0]};
endmodule

`default_nettype wire
