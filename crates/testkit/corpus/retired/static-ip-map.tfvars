# Addresses in a map, as they were given once.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
static_ip_map = { k3s-dev-control-1 = "ip=192.168.1.50/24,gw=192.168.1.1" }
#@^^^^^^^^^^^^^ error static-ip-map-replaced
#= node_overrides = { k3s-dev-control-1 = { address = "192.168.1.50" } }
