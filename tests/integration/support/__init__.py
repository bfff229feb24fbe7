"""What the integration tests share: a running node, a PACS, exams, tools, and a raw DICOM peer."""
