# Twelve mistakes in one file.
# terraform: own words
node                   = "pve.example.org"
#                        ^^^^^^^^^^^^^^^^^ error proxmox-node-form
#= node = "pve"
disk_pool              = "local-lvm:vm-disks"
#                        ^^^^^^^^^^^^^^^^^^^^ error storage-form
#= disk_pool = "local-lvm"
control_plane_template = "talos_nocloud"
#                        ^^^^^^^^^^^^^^^ error template-form
#= control_plane_template = "talos-v1.13-nocloud"
worker_cuont           = 2
#@^^^^^^^^^^^^ error input-unknown
#= worker_count = 2
worker_memory_mb       = 8
#                        ^ error below-talos-minimum
#= worker_memory_mb = 8192
workers                = { worker-1 = { memory = 8192 } }
#                                       ^^^^^^ error attribute-unknown
#= workers = {}
cluster_network_cidr   = "192.168.1.10/24"
#                        ^^^^^^^^^^^^^^^^^ error cidr-host-bits
#= cluster_network_cidr = "192.168.1.0/24"
network_gateway        = "192.168.1.1/24"
#                        ^^^^^^^^^^^^^^^^ error address-form
#= network_gateway = "192.168.1.1"
nameservers            = ["192.168.1.1", "192.168.1.1"]
#                                        ^^^^^^^^^^^^^ error list-duplicate
#= nameservers = ["192.168.1.1"]
cluster_cidr           = "10.244.0.0"
#                        ^^^^^^^^^^^^ error cidr-form
#= cluster_cidr = "10.244.0.0/16"
talos_version          = "v1.13"
#                        ^^^^^^^ error version-form
#= talos_version = "v1.13.9"
cpu_type               = kvm64
#                        ^^^^^ error value-computed
#= cpu_type = "host"
