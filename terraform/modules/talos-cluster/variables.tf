# Written by `cargo xtask generate` from the table of inputs in crates/contract; change it there.

# Placement

variable "env_name" {
  description = "Name of the environment and of the Talos cluster. Every VM name starts with it, and every MAC address and UUID is derived from it."
  type        = string
  default     = "k3s-dev"
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("env_name", var.env_name) == ""
    error_message = provider::eminfra::input_error("env_name", var.env_name)
  }
}

variable "node" {
  description = "Name of the Proxmox node that runs the VMs."
  type        = string
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("node", var.node) == ""
    error_message = provider::eminfra::input_error("node", var.node)
  }
}

variable "disk_pool" {
  description = "Proxmox storage for the disks of the VMs."
  type        = string
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("disk_pool", var.disk_pool) == ""
    error_message = provider::eminfra::input_error("disk_pool", var.disk_pool)
  }
}

variable "network_bridge" {
  description = "Bridge or vnet the VMs are connected to."
  type        = string
  default     = "vmbr0"
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("network_bridge", var.network_bridge) == ""
    error_message = provider::eminfra::input_error("network_bridge", var.network_bridge)
  }
}

variable "network_vlan" {
  description = "VLAN tag of the VMs' network. Left out, the traffic is untagged."
  type        = number
  default     = null

  validation {
    condition     = provider::eminfra::input_error("network_vlan", var.network_vlan) == ""
    error_message = provider::eminfra::input_error("network_vlan", var.network_vlan)
  }
}

variable "proxmox_pool" {
  description = "Proxmox resource pool the VMs are put into. Left out, they are in none."
  type        = string
  default     = null

  validation {
    condition     = provider::eminfra::input_error("proxmox_pool", var.proxmox_pool) == ""
    error_message = provider::eminfra::input_error("proxmox_pool", var.proxmox_pool)
  }
}

variable "vmid_start" {
  description = "VMID of slot 0. A node's VMID is this plus its slot: `8000` gives the first control plane 8001 and the first worker 8010."
  type        = number
  default     = 8000
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("vmid_start", var.vmid_start) == ""
    error_message = provider::eminfra::input_error("vmid_start", var.vmid_start)
  }
}

variable "clone_mode" {
  description = "How a VM's disk is made from the template's: `full` is a copy, `linked` keeps depending on the template."
  type        = string
  default     = "full"
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("clone_mode", var.clone_mode) == ""
    error_message = provider::eminfra::input_error("clone_mode", var.clone_mode)
  }
}

# Templates

variable "control_plane_template" {
  description = "Template of the control planes, by name or VMID."
  type        = string
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("control_plane_template", var.control_plane_template) == ""
    error_message = provider::eminfra::input_error("control_plane_template", var.control_plane_template)
  }
}

variable "worker_template" {
  description = "Template of the workers, by name or VMID. Left out, it is `control_plane_template`."
  type        = string
  default     = null

  validation {
    condition     = provider::eminfra::input_error("worker_template", var.worker_template) == ""
    error_message = provider::eminfra::input_error("worker_template", var.worker_template)
  }
}

variable "gpu_worker_template" {
  description = "Template of the GPU workers, by name or VMID. Their image carries the GPU driver, so it is a template of its own."
  type        = string
  default     = null

  validation {
    condition     = provider::eminfra::input_error("gpu_worker_template", var.gpu_worker_template) == ""
    error_message = provider::eminfra::input_error("gpu_worker_template", var.gpu_worker_template)
  }
}

# Topology and sizes

variable "control_plane_count" {
  description = "Number of control planes: 1, 3 or 5. An even number survives no more failures than the odd one below it."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("control_plane_count", var.control_plane_count) == ""
    error_message = provider::eminfra::input_error("control_plane_count", var.control_plane_count)
  }
}

variable "worker_count" {
  description = "Number of workers without a GPU, named `<env_name>-worker-1` and up. A smaller number removes the highest; to remove another one, name them in `workers`."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("worker_count", var.worker_count) == ""
    error_message = provider::eminfra::input_error("worker_count", var.worker_count)
  }
}

variable "gpu_worker_pci_bdfs" {
  description = "PCI addresses of GPUs: one GPU worker for each, named `<env_name>-gpu-<bus><device>`. A PCI resource mapping is made for each, since an API token cannot pass a raw address through."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("gpu_worker_pci_bdfs", var.gpu_worker_pci_bdfs) == ""
    error_message = provider::eminfra::input_error("gpu_worker_pci_bdfs", var.gpu_worker_pci_bdfs)
  }
}

variable "workers" {
  description = "Workers by name, in addition to `worker_count`: the key `worker-3` makes `<env_name>-worker-3`. Each attribute overrides what all workers have."
  type = map(object({
    slot           = optional(number)
    vmid           = optional(number)
    address        = optional(string)
    mac            = optional(string)
    uuid           = optional(string)
    node           = optional(string)
    template       = optional(string)
    clone_mode     = optional(string)
    pool           = optional(string)
    cores          = optional(number)
    memory_mb      = optional(number)
    disk_gb        = optional(number)
    disk_pool      = optional(string)
    cpu_type       = optional(string)
    bios           = optional(string)
    network_bridge = optional(string)
    network_vlan   = optional(number)
    tags           = optional(list(string))
    onboot         = optional(bool)
    startup_order  = optional(number)
    protection     = optional(bool)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = provider::eminfra::input_error("workers", var.workers) == ""
    error_message = provider::eminfra::input_error("workers", var.workers)
  }
}

variable "gpu_workers" {
  description = "GPU workers by name, in addition to `gpu_worker_pci_bdfs`: the key `trainer-1` makes `<env_name>-trainer-1`. `gpus` names the devices."
  type = map(object({
    slot           = optional(number)
    vmid           = optional(number)
    address        = optional(string)
    mac            = optional(string)
    uuid           = optional(string)
    node           = optional(string)
    template       = optional(string)
    clone_mode     = optional(string)
    pool           = optional(string)
    cores          = optional(number)
    memory_mb      = optional(number)
    disk_gb        = optional(number)
    disk_pool      = optional(string)
    cpu_type       = optional(string)
    bios           = optional(string)
    network_bridge = optional(string)
    network_vlan   = optional(number)
    tags           = optional(list(string))
    onboot         = optional(bool)
    startup_order  = optional(number)
    protection     = optional(bool)
    gpus = optional(list(object({
      bdf     = optional(string)
      mapping = optional(string)
    })))
  }))
  default  = {}
  nullable = false

  validation {
    condition     = provider::eminfra::input_error("gpu_workers", var.gpu_workers) == ""
    error_message = provider::eminfra::input_error("gpu_workers", var.gpu_workers)
  }
}

variable "node_overrides" {
  description = "What is different for single nodes, by full node name."
  type = map(object({
    slot           = optional(number)
    vmid           = optional(number)
    address        = optional(string)
    mac            = optional(string)
    uuid           = optional(string)
    node           = optional(string)
    template       = optional(string)
    clone_mode     = optional(string)
    pool           = optional(string)
    cores          = optional(number)
    memory_mb      = optional(number)
    disk_gb        = optional(number)
    disk_pool      = optional(string)
    cpu_type       = optional(string)
    bios           = optional(string)
    network_bridge = optional(string)
    network_vlan   = optional(number)
    tags           = optional(list(string))
    onboot         = optional(bool)
    startup_order  = optional(number)
    protection     = optional(bool)
    gpus = optional(list(object({
      bdf     = optional(string)
      mapping = optional(string)
    })))
  }))
  default  = {}
  nullable = false

  validation {
    condition     = provider::eminfra::input_error("node_overrides", var.node_overrides) == ""
    error_message = provider::eminfra::input_error("node_overrides", var.node_overrides)
  }
}

variable "control_plane_cores" {
  description = "CPU cores of each control plane."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("control_plane_cores", var.control_plane_cores) == ""
    error_message = provider::eminfra::input_error("control_plane_cores", var.control_plane_cores)
  }
}

variable "control_plane_memory_mb" {
  description = "Memory of each control plane in MiB."
  type        = number
  default     = 4096
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("control_plane_memory_mb", var.control_plane_memory_mb) == ""
    error_message = provider::eminfra::input_error("control_plane_memory_mb", var.control_plane_memory_mb)
  }
}

variable "control_plane_disk_gb" {
  description = "Disk of each control plane in GiB."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("control_plane_disk_gb", var.control_plane_disk_gb) == ""
    error_message = provider::eminfra::input_error("control_plane_disk_gb", var.control_plane_disk_gb)
  }
}

variable "worker_cores" {
  description = "CPU cores of each worker."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("worker_cores", var.worker_cores) == ""
    error_message = provider::eminfra::input_error("worker_cores", var.worker_cores)
  }
}

variable "worker_memory_mb" {
  description = "Memory of each worker in MiB."
  type        = number
  default     = 4096
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("worker_memory_mb", var.worker_memory_mb) == ""
    error_message = provider::eminfra::input_error("worker_memory_mb", var.worker_memory_mb)
  }
}

variable "worker_disk_gb" {
  description = "Disk of each worker in GiB."
  type        = number
  default     = 40
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("worker_disk_gb", var.worker_disk_gb) == ""
    error_message = provider::eminfra::input_error("worker_disk_gb", var.worker_disk_gb)
  }
}

variable "gpu_worker_cores" {
  description = "CPU cores of each GPU worker."
  type        = number
  default     = 4
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("gpu_worker_cores", var.gpu_worker_cores) == ""
    error_message = provider::eminfra::input_error("gpu_worker_cores", var.gpu_worker_cores)
  }
}

variable "gpu_worker_memory_mb" {
  description = "Memory of each GPU worker in MiB. With a GPU passed through, all of it is taken from the host at start."
  type        = number
  default     = 8192
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("gpu_worker_memory_mb", var.gpu_worker_memory_mb) == ""
    error_message = provider::eminfra::input_error("gpu_worker_memory_mb", var.gpu_worker_memory_mb)
  }
}

variable "gpu_worker_disk_gb" {
  description = "Disk of each GPU worker in GiB."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("gpu_worker_disk_gb", var.gpu_worker_disk_gb) == ""
    error_message = provider::eminfra::input_error("gpu_worker_disk_gb", var.gpu_worker_disk_gb)
  }
}

variable "cpu_type" {
  description = "CPU type of the VMs. Talos needs x86-64-v2 or newer; Proxmox's own default is older."
  type        = string
  default     = "x86-64-v2-AES"
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("cpu_type", var.cpu_type) == ""
    error_message = provider::eminfra::input_error("cpu_type", var.cpu_type)
  }
}

# Network

variable "cluster_network_cidr" {
  description = "Network the VMs are in."
  type        = string
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("cluster_network_cidr", var.cluster_network_cidr) == ""
    error_message = provider::eminfra::input_error("cluster_network_cidr", var.cluster_network_cidr)
  }
}

variable "network_gateway" {
  description = "Gateway of that network. Required with `address_mode = \"static\"`."
  type        = string
  default     = null

  validation {
    condition     = provider::eminfra::input_error("network_gateway", var.network_gateway) == ""
    error_message = provider::eminfra::input_error("network_gateway", var.network_gateway)
  }
}

variable "nameservers" {
  description = "Name servers of the nodes. Left empty, Proxmox hands them the host's own."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("nameservers", var.nameservers) == ""
    error_message = provider::eminfra::input_error("nameservers", var.nameservers)
  }
}

variable "node_address_start" {
  description = "Address of slot 0; no node has it. A node's address is this plus its slot. Left out, it is the tenth address of a network of /24 or larger: 192.168.1.10 gives the first control plane .11 and the first worker .20."
  type        = string
  default     = null

  validation {
    condition     = provider::eminfra::input_error("node_address_start", var.node_address_start) == ""
    error_message = provider::eminfra::input_error("node_address_start", var.node_address_start)
  }
}

variable "cluster_vip" {
  description = "Virtual address that the control planes share for the Kubernetes API. Left out, the API is reached at the first control plane."
  type        = string
  default     = null

  validation {
    condition     = provider::eminfra::input_error("cluster_vip", var.cluster_vip) == ""
    error_message = provider::eminfra::input_error("cluster_vip", var.cluster_vip)
  }
}

variable "cluster_cidr" {
  description = "Network of the pods: Kubernetes cuts a /24 for each node out of it."
  type        = string
  default     = "10.244.0.0/16"
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("cluster_cidr", var.cluster_cidr) == ""
    error_message = provider::eminfra::input_error("cluster_cidr", var.cluster_cidr)
  }
}

variable "service_cidr" {
  description = "Network of the Kubernetes services."
  type        = string
  default     = "10.96.0.0/12"
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("service_cidr", var.service_cidr) == ""
    error_message = provider::eminfra::input_error("service_cidr", var.service_cidr)
  }
}

variable "address_mode" {
  description = "How a node comes by its address: `static` puts it into the cloud-init drive, `dhcp_reserved` relies on a reservation for its MAC address in your DHCP server."
  type        = string
  default     = "static"
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("address_mode", var.address_mode) == ""
    error_message = provider::eminfra::input_error("address_mode", var.address_mode)
  }
}

# Versions and image

variable "talos_version" {
  description = "Talos version of the image in the templates."
  type        = string
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("talos_version", var.talos_version) == ""
    error_message = provider::eminfra::input_error("talos_version", var.talos_version)
  }
}

variable "kubernetes_version" {
  description = "Kubernetes version to bootstrap. Left out, it is the one that the first release of this Talos minor came with."
  type        = string
  default     = null

  validation {
    condition     = provider::eminfra::input_error("kubernetes_version", var.kubernetes_version) == ""
    error_message = provider::eminfra::input_error("kubernetes_version", var.kubernetes_version)
  }
}

variable "talos_platform" {
  description = "Platform of the image in the templates. Static addresses need `nocloud`, which reads the cloud-init drive."
  type        = string
  default     = "nocloud"
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("talos_platform", var.talos_platform) == ""
    error_message = provider::eminfra::input_error("talos_platform", var.talos_platform)
  }
}

variable "talos_schematic_id" {
  description = "Image Factory schematic of the image in the templates. The default is the one without extensions."
  type        = string
  default     = "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba"
  nullable    = false

  validation {
    condition     = provider::eminfra::input_error("talos_schematic_id", var.talos_schematic_id) == ""
    error_message = provider::eminfra::input_error("talos_schematic_id", var.talos_schematic_id)
  }
}

variable "gpu_schematic_id" {
  description = "Image Factory schematic of the image in the GPU template. Left out, it is `talos_schematic_id`."
  type        = string
  default     = null

  validation {
    condition     = provider::eminfra::input_error("gpu_schematic_id", var.gpu_schematic_id) == ""
    error_message = provider::eminfra::input_error("gpu_schematic_id", var.gpu_schematic_id)
  }
}
