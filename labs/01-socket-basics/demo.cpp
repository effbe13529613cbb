#include "socket_basics.hpp"
int main() {}
