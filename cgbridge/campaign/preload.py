"""Imported by the fork server: everything an evaluation needs, loaded before any worker starts."""

import cgbridge.campaign.task
import cgbridge.observables.density
import cgbridge.observables.rdf
import openmm
import freud
import scipy.optimize
