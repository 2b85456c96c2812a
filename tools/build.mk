# Running what was built: QEMU, debugger, talking to the guest, grading, packing.

export GDBPORT PORT7 PORT80 NET

run_command = exec $(PYTHON) tools/run --qemu '$(QEMU)' --kernel '$(KERNEL_IMG)' \
    --disk '$(FS_IMG)' --program '$(first_program)' --cpus '$(CPUS)' --memory '$(MEMORY)' \
    --nic '$(NIC)' --net '$(NET)' --tap '$(TAP)' --bind '$(BIND)' --capture '$(CAPTURE)' \
    --e1000-debug '$(E1000_DEBUG)' --symbols $(OBJDIR)/kern/kernel \
    --addr2line '$(TARGET_ADDR2LINE)' --offload '$(OFFLOAD)' \
    --trace '$(TRACE)' --trace-file '$(TRACE_FILE)' \
    $(if $(EXCEPTIONS),--exceptions) $(if $(V),--verbose) $(1) -- $(QEMUEXTRA)
run_needs := images $(OBJDIR)/kern/kernel.sym .gdbinit

qemu: $(run_needs)
	@$(call run_command,)
qemu-nox: $(run_needs)
	@$(call run_command,--terminal)
qemu-gdb: $(run_needs)
	@$(call run_command,--wait)
qemu-nox-gdb: $(run_needs)
	@$(call run_command,--terminal --wait)

# run-X: the same with X as the first program (kern/build.mk reads X from the goal).
run-%-nox-gdb: $(run_needs)
	@$(call run_command,--terminal --wait)
run-%-nox: $(run_needs)
	@$(call run_command,--terminal)
run-%-gdb: $(run_needs)
	@$(call run_command,--wait)
run-%: $(run_needs)
	@$(call run_command,)
prep-%: $(run_needs)
	@:

# System calls and messages of the environments named ENVS, decoded.
trace: TRACE = $(ENVS)
trace: $(run_needs)
	@if [ -z '$(ENVS)' ]; then echo 'make trace ENVS=httpd,ns: environments by name, or all' >&2; \
	    exit 2; fi
	@$(call run_command,--terminal)

which-ports:
	@$(PYTHON) tools/ports.py which
print-gdbport:
	@$(PYTHON) tools/ports.py gdbport
print-qemu:
	@echo $(QEMU)

nc-7 telnet-7: guest_port := echo
nc-80 telnet-80: guest_port := web
nc-7 nc-80:
	@address=`$(PYTHON) tools/ports.py get $(guest_port)` && exec nc $$address
telnet-7 telnet-80:
	@address=`$(PYTHON) tools/ports.py get $(guest_port)` && exec telnet $$address

COUNT ?= 4
INTERVAL ?= 1
ping:
	@exec $(PYTHON) tools/ping.py --count '$(COUNT)' --interval '$(INTERVAL)'

.gdbinit: tools/gdbinit
	@cp $< $@
gdb: .gdbinit
	@port=`$(PYTHON) tools/ports.py get gdb | cut -d' ' -f2` && [ -n "$$port" ] && \
	    exec $(GDB) -n -q -ex "set \$$jos_port = $$port" -x .gdbinit

grade:
	@exec ./grade-lab$(LAB) $(GRADEFLAGS)

# For editors: how each source is compiled.
compile_commands.json: FORCE
	@$(PYTHON) tools/compile_commands.py

# Lays out the lines that differ from the commit SINCE, and no others.
SINCE ?= HEAD
format:
	@command -v git-clang-format >/dev/null || { echo 'make format needs clang-format' >&2; exit 1; }
	@git-clang-format --extensions cc,hh $(SINCE)

# Looks for mistakes with clang-tidy: all sources, or FILES=kern/debug/trace.cc
tidy:
	@exec $(PYTHON) tools/tidy.py $(FILES)

handin_archive := lab$(LAB)-handin.tar.gz
handin: tarball
	@if [ ! -s answers-lab$(LAB).txt ]; then \
	    echo "note: answers-lab$(LAB).txt is missing or empty; the lab asks questions" >&2; fi
	@echo "hand in $(CURDIR)/$(handin_archive)"
tarball:
	@if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then \
	    git ls-files -z --cached --others --exclude-standard --deduplicate; \
	else find . \( -path ./obj -o -path ./.deps \) -prune -o -type f -print0; fi \
	    | tar --create --gzip --ignore-failed-read --null --exclude='$(handin_archive)' \
	        --transform='s,^\(\./\)\?,lab$(LAB)/,' --file='$(handin_archive)' --files-from=-
	@echo "packed $(handin_archive)"

doctor = $(PYTHON) tools/doctor.py --lwip '$(LWIP_DIR)' --qemu '$(QEMU)' \
    --compiler '$(TARGET_CXX)' --host-compiler '$(HOST_CXX)' --make-version '$(MAKE_VERSION)'
doctor:
	@exec $(doctor)

help:
	@cat tools/help.txt

.PHONY: format tidy trace qemu qemu-nox qemu-gdb qemu-nox-gdb which-ports print-gdbport print-qemu nc-7 nc-80 \
    telnet-7 telnet-80 ping gdb grade handin tarball doctor help
