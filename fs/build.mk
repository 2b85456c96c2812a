# The file server obj/fs/fs, the host tool obj/fs/fsformat, and the file system's disk.
fs_objects := $(patsubst %.cc,$(OBJDIR)/%.o,$(wildcard fs/*.cc))
fs_server := $(if $(shell grep -l umain $(wildcard fs/*.cc) /dev/null),$(OBJDIR)/fs/fs)
all_programs += $(fs_server)
flags_fs_objects = $(fs_objects)

$(OBJDIR)/fs/%.o: fs/%.cc $(OBJDIR)/.flags/user
	$(call compile,CXX,$(TARGET_CXX),$(USER_CXXFLAGS))
$(OBJDIR)/fs/fs: $(fs_objects) $(OBJDIR)/.flags/fs_objects $(program_needs)
	$(call link_program,$(fs_objects))

# The formatter runs on the host.
format_sources := $(wildcard fs/format/*.cc) fs/file_system.cc
flags_host = $(HOST_CXX) $(HOST_CXXFLAGS)
$(OBJDIR)/fs/fsformat: $(format_sources) $(wildcard fs/*.hh fs/format/*.hh inc/*.hh) \
    $(OBJDIR)/.flags/host
	$(call say,HOSTCXX,$@)
	@mkdir -p $(@D)
	$(Q)$(HOST_CXX) $(HOST_CXXFLAGS) -o $@ $(format_sources)

include fs/image.mk
