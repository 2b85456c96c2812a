# Programs: user/X.cc makes obj/user/X. What several programs share is in user/shared/, from which
# the linker takes what a program uses.
user_programs := $(patsubst user/%.cc,$(OBJDIR)/user/%,$(wildcard user/*.cc))
all_programs += $(user_programs)

user_shared := $(patsubst %.cc,$(OBJDIR)/%.o,$(wildcard user/shared/*.cc))
user_shared_archive := $(if $(user_shared),$(OBJDIR)/user/shared.a)

$(OBJDIR)/user/%.o: user/%.cc $(OBJDIR)/.flags/user
	$(call compile,CXX,$(TARGET_CXX),$(USER_CXXFLAGS))

$(OBJDIR)/user/shared.a: $(user_shared)
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(TARGET_AR) rcsD $@ $(user_shared)

$(user_programs): $(OBJDIR)/user/%: $(OBJDIR)/user/%.o $(user_shared_archive) $(program_needs)
	$(call link_program,$< $(user_shared_archive))
