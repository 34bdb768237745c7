output "name" {
  value = "old"
}
output "gone" {
  value = "x"
}
