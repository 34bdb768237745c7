# Every network is wrong in its own way.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
cluster_network_cidr = "192.168.1.7/24"
#                      ^^^^^^^^^^^^^^^^ error cidr-host-bits
#= cluster_network_cidr = "192.168.1.0/24"
cluster_cidr = "10.244.0.0"
#              ^^^^^^^^^^^^ error cidr-form
#= cluster_cidr = "10.244.0.0/16"
service_cidr = "10.0.0.0/8"
#              ^^^^^^^^^^^^ error cidr-size
#= service_cidr = "10.96.0.0/12"
