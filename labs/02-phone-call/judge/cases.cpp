#include "cases.hpp"

#include <algorithm>
#include <iterator>

int main(int argc, char** argv) {
  std::vector<dialtone::Case> cases;
  for (auto& part :
       {lab02::tcp_cases(), lab02::stream_cases(), lab02::udp_cases(), lab02::whole_file_cases()})
    std::copy(part.begin(), part.end(), std::back_inserter(cases));
  return dialtone::judge_main(argc, argv, "phone-call", cases);
}
