#!/bin/busybox sh
# The first and only program of the Linux guest: drivers, addresses, servers.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in /modules/*; do
    insmod "$module"
done
card=
until [ -n "$card" ]; do
    card=$(ls /sys/class/net | grep -v lo | head -n 1)
done
ip link set lo up
ip addr add 10.0.2.15/24 dev "$card"
ip link set "$card" up
ip route add default via 10.0.2.2
ulimit -n 65536
sysctl -q -w net.core.somaxconn=4096 net.ipv4.tcp_max_syn_backlog=4096
/bin/servers &
/usr/bin/iperf3 -s -D
/usr/sbin/nginx
echo "guest is ready"
while :; do
    wait
    sleep 100000
done
