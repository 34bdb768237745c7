# A pod network larger than /8.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
service_cidr = "172.16.0.0/12"
cluster_cidr = "10.0.0.0/7"
#              ^^^^^^^^^^^^ error cidr-size
#= cluster_cidr = "10.128.0.0/9"
