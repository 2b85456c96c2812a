# The file server obj/fs/fs, the host tools obj/fs/fsformat and obj/fs/fstool, and the file
# system's disk.
fs_objects := $(patsubst %.cc,$(OBJDIR)/%.o,$(wildcard fs/*.cc))
fs_server := $(if $(shell grep -l umain $(wildcard fs/*.cc) /dev/null),$(OBJDIR)/fs/fs)
all_programs += $(fs_server)
flags_fs_objects = $(fs_objects)

$(OBJDIR)/fs/%.o: fs/%.cc $(OBJDIR)/.flags/user
	$(call compile,CXX,$(TARGET_CXX),$(USER_CXXFLAGS))
# FS_CFLAGS=-DFS_SELF_TEST: the course's checks at the server's start.
flags_fs_server = $(FS_CFLAGS)
$(OBJDIR)/fs/server.o: SOURCE_FLAGS = $(FS_CFLAGS)
$(OBJDIR)/fs/server.o: $(OBJDIR)/.flags/fs_server
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

# Checks, lists and extracts images, on the host too.
fstool_sources := $(wildcard fs/tools/*.cc) fs/file_system.cc fs/journal.cc
$(OBJDIR)/fs/fstool: $(fstool_sources) $(wildcard fs/*.hh fs/tools/*.hh inc/*.hh) \
    $(OBJDIR)/.flags/host
	$(call say,HOSTCXX,$@)
	@mkdir -p $(@D)
	$(Q)$(HOST_CXX) $(HOST_CXXFLAGS) -o $@ $(fstool_sources)

# The image as it is: it is not made anew. REPAIR=1 also repairs its bitmap.
fs-check: $(OBJDIR)/fs/fstool
	@[ -e '$(FS_IMG)' ] || { echo "$(FS_IMG) is not there yet: \`make\` makes it"; exit 8; }
	@$(OBJDIR)/fs/fstool check $(if $(REPAIR),--repair) '$(FS_IMG)'
.PHONY: fs-check

include fs/image.mk
