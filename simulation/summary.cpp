#include "simulation/summary.hpp"

namespace simulation {

double jain_index(const std::vector<double>& values) {
  double sum = 0;
  double squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  return squares == 0 ? 1 : sum * sum / (static_cast<double>(values.size()) * squares);
}

Summary summarise(const Figures& figures) {
  Summary summary;
  summary.voluntary = figures.voluntary;
  summary.involuntary = figures.involuntary;
  std::vector<double> speeds;
  for (const JobFigures& job : figures.jobs) {
    if (job.completion < 0) continue;
    const auto turnaround = static_cast<double>(job.turnaround());
    const auto alone = static_cast<double>(job.cpu + job.io);
    summary.turnaround += turnaround;
    summary.response += static_cast<double>(job.first_run < 0 ? 0 : job.response());
    summary.waiting += static_cast<double>(job.waiting);
    summary.slowdown += turnaround / alone;
    speeds.push_back(alone / turnaround);
  }
  summary.ended = speeds.size();
  summary.fairness = jain_index(speeds);
  if (summary.ended > 0) {
    const auto count = static_cast<double>(summary.ended);
    for (double* mean :
         {&summary.response, &summary.turnaround, &summary.waiting, &summary.slowdown})
      *mean /= count;
  }
  if (figures.end > 0) {
    const auto end = static_cast<double>(figures.end);
    Time busy = 0;
    for (const CoreFigures& core : figures.cores) busy += core.busy;
    summary.throughput = 1000 * static_cast<double>(summary.ended) / end;
    summary.utilisation =
        static_cast<double>(busy) / (end * static_cast<double>(figures.cores.size()));
  }
  return summary;
}

}  // namespace simulation
