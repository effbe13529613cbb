// A placeholder: the demo of lab 09 is being written.
#include <iostream>

int main() {
  std::cout << "switchboard\n";
}
