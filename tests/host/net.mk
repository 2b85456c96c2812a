heap_test_SOURCES := net/heap.cc
inet_test_SOURCES := lib/inet6.cc
checksum_test_SOURCES := net/checksum.cc

# The network server's core with lwIP, all of it on this host.
net_core_test_SOURCES := tests/host/fake_platform.cc tests/host/fake_card.cc \
    tests/host/fake_heap.cc tests/host/fake_tcp.cc \
    $(filter-out net/main.cc net/card_access.cc net/platform.cc net/heap.cc net/input.cc \
    net/output.cc net/timer.cc net/test%,$(wildcard net/*.cc net/lwip_port/*.cc))
host_lwip_includes := -Inet/lwip_port/include -isystem $(LWIP_DIR)/src/include
net_core_test_FLAGS := $(host_lwip_includes)
net_core_test_OBJECTS := $(patsubst $(LWIP_DIR)/src/%.c,$(OBJDIR)/tests/host/lwip/%.o,\
    $(wildcard $(LWIP_DIR)/src/core/*.c $(LWIP_DIR)/src/core/ipv4/*.c $(LWIP_DIR)/src/core/ipv6/*.c \
    $(LWIP_DIR)/src/netif/ethernet.c))
# Once more, with a card that sums and cuts.
net_core_offload_test_SOURCES := $(net_core_test_SOURCES)
net_core_offload_test_FLAGS := $(net_core_test_FLAGS) -DFAKE_OFFLOADS
net_core_offload_test_OBJECTS := $(net_core_test_OBJECTS)
output_queue_test_SOURCES := $(net_core_test_SOURCES)
output_queue_test_FLAGS := $(net_core_test_FLAGS)
output_queue_test_OBJECTS := $(net_core_test_OBJECTS)
receive_merge_test_SOURCES := $(net_core_test_SOURCES)
receive_merge_test_FLAGS := $(net_core_test_FLAGS)
receive_merge_test_OBJECTS := $(net_core_test_OBJECTS)
$(OBJDIR)/tests/host/lwip/%.o: $(LWIP_DIR)/src/%.c net/lwip_port/include/lwipopts.h
	$(call say,HOSTCXX,$<)
	@mkdir -p $(@D)
	$(Q)$(HOST_CXX) -x c -std=gnu11 -O1 -g -fsanitize=address -fno-omit-frame-pointer -w \
	    -Inet/lwip_port/include -I$(LWIP_DIR)/src/include -MMD -MP -c -o $@ $<
