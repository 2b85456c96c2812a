# `make bench`: JOS++ against a Linux guest on the same emulated machine (tests/bench/README.md).
# ROWS=, GUESTS=, REPS=, SECONDS=, JSON=, CHART= choose; `tests/bench/run --list` names rows.
# COUNTERS=1 counts what our kernel does for a request, instead.
bench_dir := $(OBJDIR)/bench
bench_root := $(bench_dir)/www

$(bench_dir)/clients: tests/bench/clients.cc
	$(call say,HOSTCXX,$<)
	@mkdir -p $(@D)
	$(Q)$(HOST_CXX) -std=c++20 -O2 -Wall -Wextra -Wconversion -o $@ $< -lpthread

# What the guests serve: the page, and 8 MiB in which no two pages are alike.
$(bench_root)/index.html: fs/index.html
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(bench_root)/big.bin:
	@mkdir -p $(@D)
	$(Q)$(PYTHON) -c 'import array, sys; array.array("I", range(1 << 21)).tofile(sys.stdout.buffer)' > $@
bench_files := $(bench_root)/index.html $(bench_root)/big.bin

$(bench_dir)/fs.img: $(bench_files) tests/bench/root/etc/servers $(OBJDIR)/fs/fsformat \
    $(OBJDIR)/fs/fs.img
	$(call say,DISK,$@)
	$(Q)rm -rf $(bench_dir)/root && cp -R $(OBJDIR)/fs/root $(bench_dir)/root
	$(Q)cp -R tests/bench/root/. $(bench_dir)/root
	$(Q)cp $(bench_root)/big.bin $(bench_dir)/root/www/
	$(Q)$(OBJDIR)/fs/fsformat $@ 16384 $(bench_dir)/root > /dev/null

bench-guest: $(bench_files)
	$(Q)$(PYTHON) tests/bench/linux_guest.py $(bench_dir)/linux $(bench_root) $(HOST_CXX)
bench_guests := $(or $(GUESTS),$(if $(COUNTERS),jos,jos linux))
bench: $(bench_dir)/clients $(bench_dir)/fs.img images \
    $(if $(findstring linux,$(bench_guests)),bench-guest)
	@exec $(PYTHON) tests/bench/run --guests '$(bench_guests)' --rows '$(ROWS)' \
	    $(if $(REPS),--reps '$(REPS)') $(if $(SECONDS),--seconds '$(SECONDS)') \
	    $(if $(JSON),--json '$(JSON)') $(if $(CHART),--chart '$(CHART)') \
	    $(if $(COUNTERS),--counters)
.PHONY: bench bench-guest
