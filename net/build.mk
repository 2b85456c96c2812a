# The network server obj/net/ns: everything in net/ and lwIP. The test programs take what they use
# of it. NET_CFLAGS reaches all of net/, but for the number of test packets, which only the test
# programs want to know: it changes often, and the server need not be built again for it.
net_cflags = $(filter-out -DTESTOUTPUT_COUNT=%,$(NET_CFLAGS))
# make NET_DHCP=1: the card's IPv4 addresses come by DHCP.
net_dhcp = $(if $(filter-out 0,$(NET_DHCP)),-DNET_DHCP)
net_sources := $(shell find net -name '*.cc' ! -path 'net/test*' 2>/dev/null | LC_ALL=C sort)
net_port_c_sources := $(wildcard net/lwip_port/*.c)
net_objects := $(patsubst %.cc,$(OBJDIR)/%.o,$(net_sources)) \
    $(patsubst %.c,$(OBJDIR)/%.o,$(net_port_c_sources))
net_tests := $(patsubst %.cc,$(OBJDIR)/%,$(wildcard net/test*.cc))
net_archive := $(OBJDIR)/net/libnet.a
net_server := $(if $(shell grep -l umain $(net_sources) /dev/null),$(OBJDIR)/net/ns)
all_programs += $(net_tests) $(net_server)

# lwIP: core, IPv4, IPv6 and Ethernet, without the APIs that need threads.
lwip_sources := $(wildcard $(LWIP_DIR)/src/core/*.c $(LWIP_DIR)/src/core/ipv4/*.c \
    $(LWIP_DIR)/src/core/ipv6/*.c $(LWIP_DIR)/src/netif/ethernet.c)
lwip_objects := $(patsubst $(LWIP_DIR)/src/%.c,$(OBJDIR)/net/lwip/%.o,$(lwip_sources))
lwip_archive := $(OBJDIR)/net/liblwip.a

flags_net = $(flags_user) $(net_cflags) $(LWIP_DIR)
flags_net_dhcp = $(net_dhcp)
flags_net_test = $(NET_CFLAGS)
flags_net_objects = $(net_objects)
flags_lwip = $(TARGET_CC) $(LWIP_CFLAGS)
flags_lwip_objects = $(lwip_objects)

# The server and lwIP are optimised as one: what they call is mostly small and in another file
# (docs/performance.md). The test programs link the same objects as they are.
net_whole := -flto -ffat-lto-objects
$(net_objects) $(lwip_objects): SOURCE_FLAGS := $(net_whole)

$(OBJDIR)/net/%.o: net/%.cc $(OBJDIR)/.flags/net
	$(call compile,CXX,$(TARGET_CXX),$(USER_CXXFLAGS) $(LWIP_INCLUDES) $(net_cflags))
$(OBJDIR)/net/main.o: net/main.cc $(OBJDIR)/.flags/net $(OBJDIR)/.flags/net_dhcp
	$(call compile,CXX,$(TARGET_CXX),$(USER_CXXFLAGS) $(LWIP_INCLUDES) $(net_cflags) $(net_dhcp))
$(net_tests:%=%.o): $(OBJDIR)/%.o: %.cc $(OBJDIR)/.flags/net $(OBJDIR)/.flags/net_test
	$(call compile,CXX,$(TARGET_CXX),$(USER_CXXFLAGS) $(LWIP_INCLUDES) $(NET_CFLAGS))
$(OBJDIR)/net/%.o: net/%.c $(OBJDIR)/.flags/lwip
	$(call compile,CC,$(TARGET_CC),$(LWIP_CFLAGS))
$(OBJDIR)/net/lwip/%.o: $(LWIP_DIR)/src/%.c $(OBJDIR)/.flags/lwip
	$(call compile,CC,$(TARGET_CC),$(LWIP_CFLAGS))

$(net_archive): $(net_objects) $(OBJDIR)/.flags/net_objects
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(TARGET_AR) rcsD $@ $(net_objects)
$(lwip_archive): $(lwip_objects) $(OBJDIR)/.flags/lwip_objects
	@if [ -z "$(lwip_sources)" ]; then \
	    echo "lwIP is not in '$(LWIP_DIR)': run ./bootstrap, or set LWIP_DIR to an lwIP tree" >&2; \
	    exit 1; fi
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(TARGET_AR) rcsD $@ $(lwip_objects)

$(OBJDIR)/net/ns: $(net_objects) $(lwip_archive) $(OBJDIR)/.flags/net_objects $(program_needs)
	$(call link_program,-flto -flto-partition=one $(net_objects) $(lwip_archive))
$(net_tests): $(OBJDIR)/net/%: $(OBJDIR)/net/%.o $(net_archive) $(lwip_archive) $(program_needs)
	$(call link_program,-fno-lto $< $(net_archive) $(lwip_archive))
