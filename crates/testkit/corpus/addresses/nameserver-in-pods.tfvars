# A pod as the nodes' name server.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
nameservers = ["192.168.1.1", "10.244.0.10"]
#                             ^^^^^^^^^^^^^ error nameserver-in-cluster
#= nameservers = ["192.168.1.1", "192.168.1.2"]
