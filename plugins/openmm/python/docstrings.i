%feature("autodoc", "0");

%feature("docstring") CGBridge::TersoffForce "
The bond-order potential of Tersoff (doi:10.1103/PhysRevB.37.6991) in the general form of the
LAMMPS pair style `tersoff`.

    E       = sum_i w_i e_i
    e_i     = 1/2 sum_j fC(r_ij) [A exp(-lambda1 r_ij) - b_ij B exp(-lambda2 r_ij)]
    b_ij    = [1 + (beta zeta_ij)^n]^(-1/(2n))
    zeta_ij = sum_{k != i,j} fC(r_ik) g(theta_ijk) exp{[lambda3 (r_ij - r_ik)]^m}
    g       = gamma [1 + c^2/d^2 - c^2/(d^2 + (cos theta - cosTheta0)^2)]
    fC(r)   = 1 below R-D, 1/2 - 1/2 sin[pi (r-R)/(2D)] between, 0 above R+D

Units are nm and kJ/mol; a Quantity is converted.  Parameters belong to ordered triplets of types
(i, j, k): the values of the bond are read from (i, j, j), those of zeta from (i, j, k).  LAMMPS
evaluates the repulsion once per pair, from the triplet of either partner; here each partner
contributes half.
"

%feature("docstring") CGBridge::StillingerWeberForce "
The potential of Stillinger and Weber (doi:10.1103/PhysRevB.31.5262) in the general form of the
LAMMPS pair style `sw`.

    E   = sum_i w_i e_i
    e_i = 1/2 sum_j v2(r_ij) + sum_{j<k} v3(r_ij, r_ik, theta_jik)
    v2  = A epsilon [B (sigma/r)^p - (sigma/r)^q] exp[sigma/(r - a sigma)]
    v3  = lambda_ijk epsilon_ijk (cos theta - cosTheta0_ijk)^2
          exp[gamma_ij sigma_ij/(r_ij - a_ij sigma_ij)] exp[gamma_ik sigma_ik/(r_ik - a_ik sigma_ik)]

Units are nm and kJ/mol; a Quantity is converted.  Parameters belong to ordered triplets of types:
v2 and the radial factors are read from (i, j, j), lambda, epsilon and cosTheta0 of the angle from
(i, j, k), which must equal those of (i, k, j).  With tol > 0 pairs whose cutoff factor is below tol
are left out, as in LAMMPS.
"

%feature("docstring") CGBridge::CenterForce::setWeightParameter "
setWeightParameter(name, low, high, defaultValue)

Multiply all weights by x = 2 (p - low)/(high - low) - 1 with a parameter p of the Context; x is -1 below low and 1
above high.  The parameter has the default value in a new Context.  The name '' ends that.
"

%feature("docstring") CGBridge::CenterForce::getWeightParameterName "
getWeightParameterName()

The name of the parameter of the Context that the weights follow, or ''.
"

%feature("docstring") CGBridge::DescriptorNetworkForce "
A neural network of descriptors in the form of the neuroevolution potential NEP
(doi:10.1103/PhysRevB.104.104309, doi:10.1063/5.0106617).

    E       = sum_i w_i e_i,   e_i = network of the type of i (q_i) + 1/2 sum_j u(r_ij)
    f_k(r)  = 1/2 [T_k(x) + 1] fC(r/rc),   x = 2 (r/rc - 1)^2 - 1,   fC(s) = 1/2 [1 + cos(pi s)],   k = 0, 1, ...
    g_n     = sum_k c_nk(t_i, t_j) f_k(r_ij)
    q_n     = sum_j g_n(r_ij)                                        radial cutoff and coefficients
    q_nl    = (2l+1)/(4 pi) sum_jk g_n(r_ij) g_n(r_ik) P_l(cos jik)  angular ones, l = 1, 2, ...
    q_n222  = -9/2 sqrt(2/35) (5/(4 pi))^(3/2) tr Q_n^3,   Q_n = sum_j g_n(r_ij) (u_j u_j - 1/3)
    q_n1111 = 7/15 (3/(4 pi))^2 |V_n|^4,   V_n = sum_j g_n(r_ij) u_j
    network : h = tanh(W q + b), with a second layer h' = tanh(W' h + b'), and e = a h + c
    u(r)    = C(t_i, t_j) [r^-12 - rc^-12 (13 - 12 r/rc)]

Units are nm and kJ/mol.  The descriptors stand in the order of n for the radial ones, and behind them, for
l = 1, 2, ..., 222, 1111, in the order of n.
"

%feature("docstring") CGBridge::DescriptorNetworkForce::setRadialDescriptors "
setRadialDescriptors(cutoff, numFunctions, basisSize)

Set the radial cutoff in nm, the number of functions g_n and of the polynomials f_k that they are made of.  All
radial coefficients and networks are forgotten.
"

%feature("docstring") CGBridge::DescriptorNetworkForce::setAngularDescriptors "
setAngularDescriptors(cutoff, numFunctions, basisSize, maxOrder, fourBody=False, fiveBody=False)

Set the angular cutoff in nm, not above the radial one, the number of functions and of polynomials, the highest l
(1 to 4), and whether there are the descriptors q_n222 and q_n1111.  All angular coefficients and networks are
forgotten.
"

%feature("docstring") CGBridge::DescriptorNetworkForce::setHiddenLayers "
setHiddenLayers(numNeurons)

Set the numbers of neurons of one or two hidden layers.  All networks are forgotten.
"

%feature("docstring") CGBridge::DescriptorNetworkForce::setRadialCoefficients "
setRadialCoefficients(type1, type2, coefficients, replica=0)

Set c_nk for centres of type1 and neighbours of type2: those of n = 0, then those of n = 1, ...
"

%feature("docstring") CGBridge::DescriptorNetworkForce::setAngularCoefficients "
setAngularCoefficients(type1, type2, coefficients, replica=0)

Set c_nk of the angular descriptors, as setRadialCoefficients does.
"

%feature("docstring") CGBridge::DescriptorNetworkForce::setNetwork "
setNetwork(type, parameters, replica=0)

Set the network of a type, getNumNetworkParameters() numbers: for each hidden layer the weights W, row by row with one
row for a neuron, and the biases b; then the weights a and the constant c of the output, in kJ/mol.
"

%feature("docstring") CGBridge::DescriptorNetworkForce::setRepulsion "
setRepulsion(type1, type2, strength, replica=0)

Set the coefficient C of the repulsion of two types, in kJ/mol nm^12; 0 at first.
"

%feature("docstring") CGBridge::CenterForce::addParticle "
addParticle(type, weight=1.0, replica=0) -> int

Add the next particle of the System.  Type -1 leaves it out of this force: it has no energy and is
nobody's neighbour.  The weight w_i scales the energy of the particle as a centre.  Particles of
different replicas do not interact.

Raises OpenMMException for a type outside -1 ... getNumTypes()-1 or a replica that there is not.
"

%feature("docstring") CGBridge::CenterForce::getNumReplicas "
getNumReplicas() -> int

The number of independent boxes that share the Context and its box vectors, each with parameters of
its own.
"

%feature("docstring") CGBridge::CenterForce::getReplicaEnergies "
getReplicaEnergies(context) -> tuple of float

The energy sum_i w_i e_i of each replica in kJ/mol at the current positions of the Context.  A device
computes them in its own precision; elsewhere the host does, in double precision.
"

%feature("docstring") CGBridge::CenterForce::setReplicaScales "
setReplicaScales(context, scales)

Give each replica a box of its own in a Context: that of the Context, stretched along the axes by factors
s, three for each replica, one replica after the other.  A particle of the replica at y in the Context is
then at s*y for this force, factor by factor, and the force on it is the derivative by y.  The factors are
no part of the State.  On devices and where the host computes the force, not on CPU and CPUSerial.

Raises OpenMMException for factors that are not positive, a box narrower than twice the cutoff, a force with
one replica, or a platform that cannot do it.
"

%feature("docstring") CGBridge::CenterForce::getReplicaScales "
getReplicaScales(context) -> tuple of float

The factors that setReplicaScales has set, three for each replica.
"

%feature("docstring") CGBridge::TersoffForce::extractReplica "
extractReplica(replica) -> TersoffForce

The force of one replica alone, in which the particles of the others are left out.
"

%feature("docstring") CGBridge::StillingerWeberForce::extractReplica "
extractReplica(replica) -> StillingerWeberForce

The force of one replica alone, in which the particles of the others are left out.
"

%feature("docstring") CGBridge::CenterForce::getParticleParameters "
getParticleParameters(index) -> [type, weight]
"

%feature("docstring") CGBridge::CenterForce::addExclusion "
Always raises OpenMMException: leaving out one pair would change the energies of all bonds and
angles around it.  Give particles that must not feel this force the type -1.
"

%feature("docstring") CGBridge::CenterForce::getCutoffDistance "
getCutoffDistance() -> float

The largest distance, in nm, at which two particles interact, over all triplets.
"

%feature("docstring") CGBridge::CenterForce::getParticleEnergies "
getParticleEnergies(context) -> tuple of float

The unweighted particle energies e_i = dE/dw_i in kJ/mol at the current positions of the Context,
computed on the host in double precision.
"

%feature("docstring") CGBridge::CenterForce::getVirial "
getVirial(context) -> tuple of 9 floats

The virial W_ab = sum r_a f_b in kJ/mol (xx, xy, xz, yx, ... zz), computed on the host in double
precision.  The sum runs over the neighbours j of every centre i, r = r_j - r_i, and f is the force
that w_i e_i puts on j.  The sign is that of the pressure: P_ab = (sum m v_a v_b + W_ab)/V.
"

%feature("docstring") CGBridge::CenterForce::updateParametersInContext "
updateParametersInContext(context)

Copy the parameters, types, weights and replicas of this object into an existing Context.  Nothing
else can be changed that way.
"

%feature("docstring") CGBridge::TersoffForce::setTripletParameters "
setTripletParameters(type1, type2, type3, m, gamma, lambda3, c, d, cosTheta0, n, beta, lambda2, B, R, D, lambda1, A, replica=0)

Set the parameters of an ordered triplet of types, in the order of a LAMMPS potential file: lambda1,
lambda2 and lambda3 in 1/nm, A and B in kJ/mol, R and D in nm, the rest without unit.  m is 1 or 3.

Raises OpenMMException, naming the types, for values outside their range; for those of a triplet with
type2 != type3 when a Context is created.  Values that the energy does not depend on may be anything.
"

%feature("docstring") CGBridge::TersoffForce::getTripletParameters "
getTripletParameters(type1, type2, type3, replica=0) -> [m, gamma, lambda3, c, d, cosTheta0, n, beta, lambda2, B, R, D, lambda1, A]

Raises OpenMMException if the triplet has no parameters.
"

%feature("docstring") CGBridge::StillingerWeberForce::setTripletParameters "
setTripletParameters(type1, type2, type3, epsilon, sigma, a, lambda_, gamma, cosTheta0, A, B, p, q, tol, replica=0)

Set the parameters of an ordered triplet of types, in the order of a LAMMPS potential file: epsilon
in kJ/mol, sigma in nm, the rest without unit.

Raises OpenMMException, naming the types, for values outside their range; for those of a triplet with
type2 != type3 when a Context is created.  Values that the energy does not depend on may be anything.
"

%feature("docstring") CGBridge::StillingerWeberForce::getTripletParameters "
getTripletParameters(type1, type2, type3, replica=0) -> [epsilon, sigma, a, lambda_, gamma, cosTheta0, A, B, p, q, tol]

Raises OpenMMException if the triplet has no parameters.
"
