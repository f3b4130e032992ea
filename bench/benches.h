#ifndef WIDEBERTH_BENCH_BENCHES_H_
#define WIDEBERTH_BENCH_BENCHES_H_

#include "bench/table.h"
#include "conflict/plan_set.h"

// The parts of the table. Each adds its lines, and stops the program if something of ours fails.
namespace wideberth::bench {

void BenchJoin(const conflict::PlanSet& plans, const Options& options, Table& table);
void BenchLive(const conflict::PlanSet& plans, const Options& options, Table& table);
void BenchGeoJson(const conflict::PlanSet& plans, const Options& options, Table& table);
void BenchAirspace(const Options& options, Table& table);
void BenchDay(const Options& options, Table& table);
void BenchLedger(const Options& options, Table& table);
void BenchProofs(const Options& options, Table& table);
void BenchPredicates(const Options& options, Table& table);

}  // namespace wideberth::bench

#endif  // WIDEBERTH_BENCH_BENCHES_H_
