"""The doctor: whether everything that Umbel and a cluster need of each other is as it should be.

Health says what goes wrong now; the doctor says what will, and what cannot be seen at all.
`table.DOCTOR_CHECKS` has the checks, pure functions of `facts.DoctorFacts`, which
`sources` fills; `doctor.Doctor` answers with them.
"""
