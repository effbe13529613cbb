#include "cases.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "witness.hpp"

namespace {

/// The case, which begins by clearing away what a student's process before it left running.
dialtone::Case tidy(dialtone::Case one) {
  one.play = [play = std::move(one.play)](dialtone::Trial& trial) {
    if (trial.index == 0) lab04::collect_orphans(trial.student.pid());
    play(trial);
  };
  return one;
}

}  // namespace

int main(int argc, char** argv) {
  if (lab04::is_witness(argc, argv)) ::_exit(lab04::witness_main(argc, argv));
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // orphans of students' processes come here
  std::vector<dialtone::Case> cases;
  for (auto& part :
       {lab04::starting_cases(), lab04::redirecting_cases(), lab04::failing_cases(),
        lab04::pipeline_cases(), lab04::ending_cases(), lab04::waiting_cases(), lab04::stat_cases(),
        lab04::status_cases(), lab04::maps_cases(), lab04::proc_cases()})
    std::transform(part.begin(), part.end(), std::back_inserter(cases), tidy);
  return dialtone::judge_main(argc, argv, "program-and-process", cases);
}
