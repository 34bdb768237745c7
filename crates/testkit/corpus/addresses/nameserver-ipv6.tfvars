# An IPv6 name server.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
nameservers = ["192.168.1.1", "2001:4860:4860::8888"]
#                             ^^^^^^^^^^^^^^^^^^^^^^ error ipv6-unsupported
#= nameservers = ["192.168.1.1", "8.8.8.8"]
