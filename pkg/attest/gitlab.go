// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest

import "strings"

// readGitLab reads what GitLab CI states.
//
// See https://docs.gitlab.com/ci/variables/predefined_variables/
func readGitLab(e *environment) CI {
	project := strings.TrimRight(e.must("CI_PROJECT_URL", checkAddress), "/")
	ref := e.get("CI_MERGE_REQUEST_REF_PATH", checkRef)
	if branch := e.get("CI_COMMIT_BRANCH", checkRefName); branch != "" {
		ref = "refs/heads/" + branch
	}
	if tag := e.get("CI_COMMIT_TAG", checkRefName); tag != "" {
		ref = "refs/tags/" + tag
	}
	return CI{
		Service:  GitLabCI,
		Source:   project,
		Ref:      ref,
		Revision: e.must("CI_COMMIT_SHA", checkCommit),
		Workflow: e.get("CI_CONFIG_PATH", anyText),
		Run:      e.must("CI_JOB_URL", checkAddress),
		Builder:  project + "/-/runners/" + e.must("CI_RUNNER_ID", checkNumber),
		Details: e.details(map[string]string{
			"event":      "CI_PIPELINE_SOURCE",
			"job":        "CI_JOB_NAME",
			"pipelineID": "CI_PIPELINE_ID",
			"projectID":  "CI_PROJECT_ID",
		}),
	}
}
