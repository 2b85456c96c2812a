# The boot sector, and the disk it starts: sector 0, then the kernel's ELF file.
boot_objects := $(patsubst %,$(OBJDIR)/%.o,$(basename $(wildcard boot/*.S boot/*.cc)))
flags_boot = $(TARGET_CXX) $(BOOT_CXXFLAGS) $(boot_objects)

$(OBJDIR)/boot/%.o: boot/%.cc $(OBJDIR)/.flags/boot
	$(call compile,CXX,$(TARGET_CXX),$(BOOT_CXXFLAGS))
$(OBJDIR)/boot/%.o: boot/%.S $(OBJDIR)/.flags/boot
	$(call compile,AS,$(TARGET_CC),-m32 -g -I.)

$(OBJDIR)/boot/boot.elf: $(boot_objects)
	$(Q)$(TARGET_CXX) $(LINK_FLAGS) -Wl,-N -Wl,-Ttext=0x7C00 -Wl,-e,start -o $@ $(boot_objects)
$(OBJDIR)/boot/boot: $(OBJDIR)/boot/boot.elf tools/boot_sector.py
	$(call say,BOOT,$@)
	$(Q)$(TARGET_OBJCOPY) -S -O binary -j .text -j .rodata -j .data $< $@.code
	$(Q)$(PYTHON) tools/boot_sector.py $@.code $@

$(OBJDIR)/kern/kernel.img: $(OBJDIR)/boot/boot $(OBJDIR)/kern/kernel
	$(call say,IMAGE,$@)
	$(Q)$(TARGET_OBJCOPY) --strip-all $(OBJDIR)/kern/kernel $@.kernel
	$(Q)cat $(OBJDIR)/boot/boot $@.kernel > $@.new
	$(Q)truncate --size=%512 $@.new
	$(Q)rm $@.kernel
	$(Q)mv $@.new $@
