# What the guest's disk holds. It is gathered in obj/fs/root first, and obj/fs/fsformat makes an
# image of that folder:
#
#   /            fs/root/: motd, texts, scripts
#   /bin         the programs
#   /www         what the web server serves: fs/index.html, fs/root/www/
#
# FS_BLOCKS is the disk's size in blocks of 4 KiB.
FS_BLOCKS ?= 32768
fs_root := $(OBJDIR)/fs/root
fs_root_files := $(shell find fs/root -type f | LC_ALL=C sort)
fs_root_programs := $(user_programs)
flags_fs_image = $(FS_BLOCKS) $(fs_root_files) $(fs_root_programs)

$(OBJDIR)/fs/fs.img: fs/index.html $(fs_root_files) $(fs_root_programs) $(OBJDIR)/fs/fsformat \
    $(OBJDIR)/.flags/fs_image
	$(call say,FORMAT,$@)
	$(Q)rm -rf $(fs_root)
	$(Q)mkdir -p $(fs_root)
	$(Q)cp -R fs/root/. $(fs_root)
	$(Q)mkdir -p $(fs_root)/bin $(fs_root)/www
	$(Q)cp fs/index.html $(fs_root)/www
	$(Q)for program in $(fs_root_programs); do \
	    $(TARGET_OBJCOPY) --strip-all $$program $(fs_root)/bin/$${program##*/} || exit 1; done
	$(Q)$(OBJDIR)/fs/fsformat $@ $(FS_BLOCKS) $(fs_root)
