# The kernel: everything in kern/, the formatter and the string functions of lib/, the first user
# program and the servers as embedded files, and a table of its own symbols.

# The first user program: FIRST=hello or FIRST=net_testoutput, which run-X and prep-X set. A name
# with an underscore is folder_name, any other is one of user/. The servers are always there.
run_goal := $(filter run-% prep-%,$(MAKECMDGOALS))
ifneq ($(word 2,$(run_goal)),)
$(error one program at a time: $(run_goal))
endif
goal_program := $(patsubst %-nox,%,$(patsubst %-gdb,%,$(run_goal:prep-%=run-%)))
FIRST := $(or $(goal_program:run-%=%),init)
first_program := $(if $(findstring _,$(FIRST)),$(FIRST),user_$(FIRST))
first_flags := -DTEST=$(first_program) $(if $(filter net_%,$(first_program)),-DTEST_NO_NS)

# folder_name to the file: only the first underscore is the folder's.
program_folder = $(firstword $(subst _, ,$(1)))
program_file = $(OBJDIR)/$(program_folder)/$(patsubst $(program_folder)_%,%,$(1))
embedded_candidates := fs_fs net_ns $(first_program)
embedded_names := $(foreach name,$(sort $(embedded_candidates)),$(if \
    $(filter $(call program_file,$(name)),$(all_programs)),$(name)))
embedded_files := $(patsubst %,$(OBJDIR)/kern/embedded/%,$(embedded_names))

ifneq ($(run_goal),)
ifeq ($(filter $(first_program),$(embedded_names)),)
first_source := $(patsubst $(OBJDIR)/%,%.cc,$(call program_file,$(first_program)))
$(error there is no program '$(FIRST)': no source $(first_source))
endif
endif

kernel_sources := $(filter-out $(if $(COUNTERS),,kern/debug/counters.cc), \
    $(shell find kern -name '*.cc' -o -name '*.S' | LC_ALL=C sort))
kernel_objects := $(patsubst %,$(OBJDIR)/%.o,$(basename $(kernel_sources))) \
    $(patsubst %,$(OBJDIR)/kern/lib/%.o,string printf cprintf line_editor \
    $(if $(SAN),undefined_behaviour))
kernel_start := $(filter $(OBJDIR)/kern/entry.o,$(kernel_objects))
kernel_linked := $(kernel_start) $(filter-out $(kernel_start),$(kernel_objects)) \
    $(OBJDIR)/kern/embedded.o

flags_kernel = $(TARGET_CXX) $(KERNEL_CXXFLAGS)
flags_init = $(INIT_CFLAGS) $(first_flags)
flags_nic_trace = $(if $(E1000_DEBUG),-DE1000_DEBUG='"$(E1000_DEBUG)"')
flags_embedded = $(embedded_names)
flags_kernel_objects = $(kernel_linked)

$(OBJDIR)/kern/%.o: kern/%.cc $(OBJDIR)/.flags/kernel
	$(call compile,CXX,$(TARGET_CXX),$(KERNEL_CXXFLAGS))
$(OBJDIR)/kern/%.o: kern/%.S $(OBJDIR)/.flags/kernel
	$(call compile,AS,$(TARGET_CC),$(CODE_FLAGS) $(INCLUDE_FLAGS) $(DEFINE_FLAGS))
$(OBJDIR)/kern/lib/%.o: lib/%.cc $(OBJDIR)/.flags/kernel
	$(call compile,CXX,$(TARGET_CXX),$(KERNEL_CXXFLAGS))
$(OBJDIR)/kern/init.o: SOURCE_FLAGS = $(flags_init)
$(OBJDIR)/kern/init.o: $(OBJDIR)/.flags/init
$(OBJDIR)/kern/dev/nic_trace.o: SOURCE_FLAGS = $(flags_nic_trace)
$(OBJDIR)/kern/dev/nic_trace.o: $(OBJDIR)/.flags/nic_trace

# A program may map the page at address 0, and the kernel copies from there and to it.
$(OBJDIR)/kern/memory/user_memory.o $(OBJDIR)/kern/lib/string.o: \
    SOURCE_FLAGS += -fno-delete-null-pointer-checks \
    $(if $(SAN),-fno-sanitize=null -fno-sanitize=nonnull-attribute)

# Embedded programs go in without debug information. The table's layout is kern/env/embedded.hh's.
define embedded_file
$(OBJDIR)/kern/embedded/$(1): $(call program_file,$(1))
	@mkdir -p $$(@D)
	$$(Q)$$(TARGET_OBJCOPY) --strip-all $$< $$@
endef
$(foreach name,$(embedded_names),$(eval $(call embedded_file,$(name))))

$(OBJDIR)/kern/embedded.S: $(OBJDIR)/.flags/embedded tools/embed.py
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/embed.py $(OBJDIR)/kern/embedded $(embedded_names) > $@
$(OBJDIR)/kern/embedded.o: $(OBJDIR)/kern/embedded.S $(embedded_files)
	$(call compile,AS,$(TARGET_CC),$(CODE_FLAGS))

# Linked twice: the table of symbols is made from the first link and is the last section of the
# second, so that it moves nothing.
kernel_link = $(TARGET_CXX) $(LINK_FLAGS) -T $(OBJDIR)/kern/kernel.ld
kernel_needs := $(kernel_linked) $(OBJDIR)/kern/kernel.ld $(OBJDIR)/.flags/kernel_objects
$(OBJDIR)/kern/kernel.pass1: $(kernel_needs)
	$(Q)$(kernel_link) -Wl,--unresolved-symbols=ignore-all -o $@ $(kernel_linked) -lgcc
$(OBJDIR)/kern/symbol_table.S: $(OBJDIR)/kern/kernel.pass1 $(wildcard tools/symbol_table.py)
	$(call say,SYMBOLS,$@)
	$(Q)$(if $(wildcard tools/symbol_table.py),$(PYTHON) tools/symbol_table.py $<,echo) > $@
$(OBJDIR)/kern/symbol_table.o: $(OBJDIR)/kern/symbol_table.S
	$(Q)$(TARGET_CC) $(CODE_FLAGS) -c -o $@ $<
$(OBJDIR)/kern/kernel: $(kernel_needs) $(OBJDIR)/kern/symbol_table.o
	$(call say,LINK,$@)
	$(Q)$(kernel_link) -o $@ $(kernel_linked) $(OBJDIR)/kern/symbol_table.o -lgcc
$(OBJDIR)/kern/kernel.sym: $(OBJDIR)/kern/kernel
	$(Q)$(TARGET_NM) -n $< > $@
