// SPDX-License-Identifier: GPL-2.0-or-later
// Turns a track record into CAT062 octets, two pieces a clock for seven clocks. A piece is left-aligned, zero beyond its
// length, and goes out whole or not at all, by the validity bits. UAP order: EUROCONTROL-SPEC-0149-9, I062.
`default_nettype none

module item_slots
(
    input  wire logic          clk,
    input  wire logic          rst,
    input  wire source_t       source,
    input  wire track_record_t rec,
    input  wire logic [1:0]    status_extents,
    input  wire logic          third_octet,  // of the FSPEC: the shortest that carries the items
    input  wire logic          fourth_octet,
    input  wire logic          slot_valid,
    input  wire logic [2:0]    slot,
    input  wire logic          slot_start,
    input  wire logic          slot_close,
    output      logic          out_valid,
    output      logic          out_start,
    output      logic          out_close,
    output      logic [63:0]   first,
    output      logic [3:0]    first_octets,
    output      logic [55:0]   second,
    output      logic [2:0]    second_octets
);
    validity_t has;
    assign has = rec.has;

    wire [7:0] fspec_1 = {4'b1011, has.i105, has.i100, has.i185, 1'b1};
    wire [7:0] fspec_2 = {1'b0, has.i060, has.i245, has.adr, 3'b110, third_octet};
    wire [7:0] fspec_3 = {2'b00, has.i136, has.i130, 1'b0, has.i220, 1'b0, fourth_octet};
    wire [7:0] fspec_4 = 8'b0000_0010;

    // one clock behind the record, used in slots 4 and 6
    logic [31:0] status;    // I062/080 with its FX bits
    logic [39:0] measured;  // I062/340: primary subfield, then what is there

    always_ff @(posedge clk) begin
        status <= {
            rec.status[31:25], status_extents != 2'd0, rec.status[23:17], status_extents > 2'd1,
            rec.status[15:9], status_extents > 2'd2, rec.status[7:0]
        };
        measured <= has.sid ? {has.hei ? 8'hA0 : 8'h80, rec.sensor, has.hei ? rec.height : 16'd0}
                            : {8'h20, rec.height, 16'd0};
    end

    always_ff @(posedge clk) begin
        if (rst) begin
            out_valid <= 1'b0;
            out_start <= 1'b0;
            out_close <= 1'b0;
        end else begin
            out_valid <= slot_valid;
            out_start <= slot_start;
            out_close <= slot_close;
        end
    end

    always_ff @(posedge clk) begin
        first         <= 64'd0;
        first_octets  <= 4'd0;
        second        <= 56'd0;
        second_octets <= 3'd0;
        case (slot)
            3'd0: begin
                first         <= {fspec_1, fspec_2, third_octet ? fspec_3 : 8'd0, fourth_octet ? fspec_4 : 8'd0, 32'd0};
                first_octets  <= fourth_octet ? 4'd4 : third_octet ? 4'd3 : 4'd2;
                second        <= {source, rec.time_of_track, 8'd0};
                second_octets <= 3'd6;
            end
            3'd1: if (has.i105) begin
                first        <= rec.wgs84;
                first_octets <= 4'd8;
            end
            3'd2: begin
                if (has.i100) begin
                    first        <= {rec.cartesian, 16'd0};
                    first_octets <= 4'd6;
                end
                if (has.i185) begin
                    second        <= {rec.velocity, 24'd0};
                    second_octets <= 3'd4;
                end
            end
            3'd3: begin
                if (has.i060) begin
                    first        <= {rec.mode_3a, 48'd0};
                    first_octets <= 4'd2;
                end
                if (has.i245) begin
                    second        <= rec.identification;
                    second_octets <= 3'd7;
                end
            end
            3'd4: begin
                if (has.adr) begin
                    first        <= {8'h80, rec.address, 32'd0};
                    first_octets <= 4'd4;
                end
                second        <= {rec.track_number, status, 8'd0};  // extents that stay behind are zero
                second_octets <= 3'd3 + {1'b0, status_extents};
            end
            3'd5: begin
                if (has.i136) begin
                    first        <= {rec.flight_level, 48'd0};
                    first_octets <= 4'd2;
                end
                if (has.i130) begin
                    second        <= {rec.altitude, 40'd0};
                    second_octets <= 3'd2;
                end
            end
            3'd6: begin
                if (has.i220) begin
                    first        <= {rec.climb, 48'd0};
                    first_octets <= 4'd2;
                end
                if (fourth_octet) begin
                    second        <= {measured, 16'd0};
                    second_octets <= has.sid && has.hei ? 3'd5 : 3'd3;
                end
            end
            default: ;
        endcase
    end

    wire unused = &{1'b0, has.reserved, rec.version, rec.spare_32, rec.spare_46, rec.spare_55};  // judged by the gate
endmodule

`default_nettype wire
