# VMIDs beyond the largest.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
vmid_start = 999998001
#            ^^^^^^^^^ error number-out-of-range
#= vmid_start = 999998000
