// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest

// readBuildkite reads what Buildkite states.
//
// See https://buildkite.com/docs/pipelines/configure/environment-variables
func readBuildkite(e *environment) CI {
	source := ""
	e.must("BUILDKITE_REPO", func(s string) error {
		var err error
		source, err = repositoryAddress(s)
		return err
	})
	ref := ""
	if branch := e.get("BUILDKITE_BRANCH", checkRefName); branch != "" {
		ref = "refs/heads/" + branch
	}
	if tag := e.get("BUILDKITE_TAG", checkRefName); tag != "" {
		ref = "refs/tags/" + tag
	}
	organization := e.must("BUILDKITE_ORGANIZATION_SLUG", checkName)
	return CI{
		Service:  Buildkite,
		Source:   source,
		Ref:      ref,
		Revision: e.must("BUILDKITE_COMMIT", checkCommit),
		Workflow: e.get("BUILDKITE_PIPELINE_SLUG", anyText),
		Run:      e.must("BUILDKITE_BUILD_URL", checkAddress) + "#" + e.must("BUILDKITE_JOB_ID", checkName),
		Builder:  "https://buildkite.com/organizations/" + organization + "/agents/" + e.must("BUILDKITE_AGENT_ID", checkName),
		Details: e.details(map[string]string{
			"event":   "BUILDKITE_SOURCE",
			"job":     "BUILDKITE_STEP_KEY",
			"buildID": "BUILDKITE_BUILD_ID",
		}),
	}
}
