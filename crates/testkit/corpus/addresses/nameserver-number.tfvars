# A number among the name servers.
# terraform: converts
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
nameservers = [8]
#              ^ error type-mismatch
#= nameservers = ["8.8.8.8"]
