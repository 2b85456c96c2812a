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
format_sources := $(wildcard fs/format/*.cc)
flags_host = $(HOST_CXX) $(HOST_CXXFLAGS)
$(OBJDIR)/fs/fsformat: $(format_sources) $(wildcard fs/*.hh fs/format/*.hh inc/*.hh) \
    $(OBJDIR)/.flags/host
	$(call say,HOSTCXX,$@)
	@mkdir -p $(@D)
	$(Q)$(HOST_CXX) $(HOST_CXXFLAGS) -o $@ $(format_sources)

# What the disk holds is gathered in obj/fs/root first: fs/root/, fs/index.html, and the programs
# in /bin.
fs_image_mib := 128
fs_root_files := $(shell find fs/root -type f 2>/dev/null) $(wildcard fs/index.html fs/motd)
flags_fs_image = $(fs_image_mib) $(fs_root_files) $(user_programs)
$(OBJDIR)/fs/fs.img: $(fs_root_files) $(user_programs) $(OBJDIR)/.flags/fs_image \
    $(if $(format_sources),$(OBJDIR)/fs/fsformat)
	$(call say,FORMAT,$@)
	$(Q)rm -rf $(OBJDIR)/fs/root
	$(Q)mkdir -p $(OBJDIR)/fs/root/bin
	$(Q)if [ -d fs/root ]; then cp -R fs/root/. $(OBJDIR)/fs/root; fi
	$(Q)for file in $(wildcard fs/index.html fs/motd); do cp $$file $(OBJDIR)/fs/root; done
	$(Q)for program in $(user_programs); do \
	    $(TARGET_OBJCOPY) --strip-all $$program $(OBJDIR)/fs/root/bin/$${program##*/} || exit 1; done
	$(Q)$(if $(format_sources),$(OBJDIR)/fs/fsformat $@ $(fs_image_mib) $(OBJDIR)/fs/root,truncate --size=1M $@)
