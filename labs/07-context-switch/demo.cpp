#include "context_switch.hpp"

int main() {
  return 0;
}
