# Tests. tests/host/NAME_test.cc makes obj/tests/host/NAME_test, for this host, with sanitizers.
# Fragments tests/host/*.mk name what a test is linked with (tests/host/README.md):
#
#   NAME_test_SOURCES := fs/layout.cc tests/host/helper.cc
#   NAME_test_FLAGS := -DSOMETHING
include $(wildcard tests/host/*.mk)

host_test_flags := $(HOST_CXXFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all \
    -fno-omit-frame-pointer
flags_host_tests = $(HOST_CXX) $(host_test_flags)
host_tests := $(patsubst %.cc,$(OBJDIR)/%,$(wildcard tests/host/*_test.cc))

# $(1): a test's name. Its objects have a folder of their own, for flags of its own.
define host_test
host_test_objects_$(1) := $(patsubst %.cc,$(OBJDIR)/tests/host/$(1).objects/%.o,\
    tests/host/$(1).cc $($(1)_SOURCES))
flags_host_test_$(1) := $($(1)_SOURCES) $($(1)_FLAGS)
$(OBJDIR)/tests/host/$(1).objects/%.o: %.cc $(OBJDIR)/.flags/host_tests \
    $(OBJDIR)/.flags/host_test_$(1)
	$$(call say,HOSTCXX,$$<)
	@mkdir -p $$(@D)
	$$(Q)$(HOST_CXX) $(host_test_flags) $($(1)_FLAGS) -MMD -MP -c -o $$@ $$<
$(OBJDIR)/tests/host/$(1): $$(host_test_objects_$(1)) $($(1)_OBJECTS)
	$$(call say,HOSTLD,$$@)
	$$(Q)$(HOST_CXX) $(host_test_flags) -o $$@ $$(host_test_objects_$(1)) $($(1)_OBJECTS) \
	    -lgtest -lgtest_main -lpthread
endef
$(foreach name,$(notdir $(host_tests)),$(eval $(call host_test,$(name))))

host-tests: $(host_tests)

# Every suite is run by tools/check.py, which adds up what they report. It builds the unit tests
# itself: one that does not compile has failed, and the others run all the same.
check_command = exec $(PYTHON) tools/check.py
parallel = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
build_all = +@$(MAKE) --no-print-directory $(parallel) all
check:
	$(build_all)
	@$(check_command) host guest grade system guest@4 grade@4 system@4
check-host:
	@$(check_command) host
check-guest check-grade check-system: check-%:
	$(build_all)
	@$(check_command) $*$(if $(filter-out file default,$(origin CPUS)),@$(CPUS))

# Kernel, servers and programs with the compiler's checks for undefined behaviour: the first finding
# ends what had it, and so fails the test.
check-san:
	+@$(MAKE) --no-print-directory $(parallel) SAN=1 all
	@SAN=1 $(check_command) grade guest
.PHONY: check-san host-tests check check-host check-guest check-grade check-system
