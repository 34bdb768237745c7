# Two misspelt attributes.
# terraform: drops
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
workers = { worker-1 = { core = 2, disk = 40 } }
#                        ^^^^ error attribute-unknown
#                                  ^^^^ error attribute-unknown
#= workers = { worker-1 = { cores = 2, disk_gb = 40 } }
