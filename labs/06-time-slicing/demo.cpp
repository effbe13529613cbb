// time-slicing: who runs when, under each policy.
#include <iostream>

#include "time_slicing.hpp"

int main() {
  time_slicing::ReadyQueue queue;
  std::cout << "ready: " << queue.size() << '\n';
}
