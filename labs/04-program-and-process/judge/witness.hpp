// The programs that a student's code starts in lab 04: the judge's own executable, which tells the
// judge what it was started with.
//
//   <judge> --witness report SOCKET [WORD...]   tells all that it sees of itself on a connection to
//                                               the judge, then ends as the judge says there
//   <judge> --witness spread SOCKET             the same, with a long list of mappings
//   <judge> --witness copy TAG                  writes TAG, then copies its input to its output
//   <judge> --witness flood                     writes until it cannot
//   <judge> --witness end CODE                  ends at once
//
// Under a name that begins with "witness-" the program is a witness that reports, and the name's
// rest is the socket. Every witness ends by itself after some seconds (alarm(2)).
#pragma once

namespace lab04 {

bool is_witness(int argc, char** argv);

/// Does not return before it is over; the result is the exit code.
int witness_main(int argc, char** argv);

}  // namespace lab04
