# Programs: user/X.cc, with the files of the folder user/X/ if there is one, makes obj/user/X.
user_names := $(patsubst user/%.cc,%,$(wildcard user/*.cc))
user_programs := $(addprefix $(OBJDIR)/user/,$(user_names))
all_programs += $(user_programs)

$(OBJDIR)/user/%.o: user/%.cc $(OBJDIR)/.flags/user
	$(call compile,CXX,$(TARGET_CXX),$(USER_CXXFLAGS))
$(OBJDIR)/user/parts/%.o: user/%.cc $(OBJDIR)/.flags/user
	$(call compile,CXX,$(TARGET_CXX),$(USER_CXXFLAGS))

# They do on purpose what `make SAN=1` ends a program for: it is the processor that must object.
ifneq ($(SAN),)
$(patsubst %,$(OBJDIR)/user/%.o,divzero faultread faultwrite testbss faultbadhandler \
    faultevilhandler faultnostack parts/guesttest/faults parts/guesttest/hostile_code): \
    SOURCE_FLAGS = -fno-sanitize=all
endif

# $(1): a program's name; its objects and the rule that links them.
define user_program
user_objects_$(1) := $(OBJDIR)/user/$(1).o \
    $(patsubst user/%.cc,$(OBJDIR)/user/parts/%.o,$(wildcard user/$(1)/*.cc))
flags_user_objects_$(1) := $$(user_objects_$(1))
$(OBJDIR)/user/$(1): $$(user_objects_$(1)) $(OBJDIR)/.flags/user_objects_$(1) $(program_needs)
	$$(call link_program,$$(user_objects_$(1)))
endef
$(foreach name,$(user_names),$(eval $(call user_program,$(name))))
