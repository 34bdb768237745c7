# The replacement of a is made, b fails, so the old a is not deleted.
sed -i 's/= 1/= 2/; s/"true"/"false"/' main.tf
! "$1" apply -input=false -auto-approve
