output "now" {
  value = timestamp()
}
