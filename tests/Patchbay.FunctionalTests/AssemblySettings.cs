// Every class drives a server of its own with two worker threads; more of them at once would only measure each other.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
