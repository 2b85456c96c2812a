# The user library. lib/entry.S is where programs start: linked first, not in the archive.
lib_sources := $(filter-out lib/entry.S,$(wildcard lib/*.cc lib/*.S))
lib_objects := $(patsubst %,$(OBJDIR)/%.o,$(basename $(lib_sources)))
program_start := $(OBJDIR)/lib/entry.o
libjos := $(OBJDIR)/lib/libjos.a

flags_user = $(TARGET_CXX) $(USER_CXXFLAGS)

$(OBJDIR)/lib/%.o: lib/%.cc $(OBJDIR)/.flags/user
	$(call compile,CXX,$(TARGET_CXX),$(USER_CXXFLAGS))
$(OBJDIR)/lib/%.o: lib/%.S $(OBJDIR)/.flags/user
	$(call compile,AS,$(TARGET_CC),$(CODE_FLAGS) $(INCLUDE_FLAGS))

# The compiler must not turn memcpy's own loop into a call of memcpy.
$(OBJDIR)/lib/string.o $(OBJDIR)/kern/lib/string.o: \
    SOURCE_FLAGS := -fno-tree-loop-distribute-patterns

$(libjos): $(lib_objects) $(OBJDIR)/.flags/lib_objects
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(TARGET_AR) rcsD $@ $(lib_objects)
flags_lib_objects = $(lib_objects)

# Links a program from objects: $(call link_program,objects).
define link_program
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(TARGET_CXX) $(LINK_FLAGS) -Wl,--gc-sections -T $(OBJDIR)/user/user.ld -o $@ \
	    $(program_start) $(1) $(libjos) -lgcc
endef
program_needs := $(program_start) $(libjos) $(OBJDIR)/user/user.ld
