# Programs: user/X.cc makes obj/user/X. Larger programs have parts in folders (user/http/), from which
# the linker takes what each program uses.
user_programs := $(patsubst user/%.cc,$(OBJDIR)/user/%,$(wildcard user/*.cc))
all_programs += $(user_programs)

user_parts := $(patsubst %.cc,$(OBJDIR)/%.o,$(wildcard user/*/*.cc))
user_parts_archive := $(if $(user_parts),$(OBJDIR)/user/parts.a)

$(OBJDIR)/user/%.o: user/%.cc $(OBJDIR)/.flags/user
	$(call compile,CXX,$(TARGET_CXX),$(USER_CXXFLAGS))

$(OBJDIR)/user/parts.a: $(user_parts)
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(TARGET_AR) rcsD $@ $(user_parts)

$(user_programs): $(OBJDIR)/user/%: $(OBJDIR)/user/%.o $(user_parts_archive) $(program_needs)
	$(call link_program,$< $(user_parts_archive))
