output "name" {
  value = "new"
}
output "added" {
  value = "x"
}
